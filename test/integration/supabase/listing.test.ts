/** Both listings over the wire. Facts T2-42 and T2-43, FIVE-APIS B2.4, STORAGE-API §1.5, behaviours W-17 and W-19 of §7.2. */
import { addBucket, allowOwnFolders } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { ANON_TOKEN, type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE, BOB } from '../../support/scopes.ts';

const token = SERVICE_TOKEN;
const alice = tokenFor('authenticated', ALICE);
const bob = tokenFor('authenticated', BOB);

interface Entry {
  readonly name: string;
  readonly key?: string;
  readonly id: string | null;
}
interface Page {
  readonly hasNext: boolean;
  readonly nextCursor?: string;
  readonly nextCursorKey?: string;
  readonly folders: readonly Entry[];
  readonly objects: readonly Entry[];
}
type Order = 'asc' | 'desc';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const inOrder = (names: Iterable<string>, order: Order) => {
  const sorted = [...names].sort(byBytes);
  return order === 'asc' ? sorted : sorted.reverse();
};
/** What a delimited listing of these names has, folders with their slash. */
const levelOf = (names: readonly string[]) => new Set(names.map(name => name.replace(/\/.*$/s, '/')));

describe('listing', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'private');
    await allowOwnFolders(gateway, 'private');
  });
  afterAll(() => gateway.stop());

  /** Rows as uploads leave them, a second apart in creation; cheaper than uploading. */
  const addRows = async (bucket: string, names: readonly string[]) => {
    await gateway.db.sql(
      `insert into storage.objects (bucket_id, name, version, metadata, created_at, updated_at)
       select $1, name, gen_random_uuid()::text, '{"size":1}', now() + n * interval '1 second', now() - n * interval '1 second'
       from unnest($2::text[]) with ordinality as t (name, n)`,
      [bucket, names],
    );
  };
  const bucketOf = async (bucket: string, names: readonly string[]) => {
    await addBucket(gateway, bucket);
    await addRows(bucket, names);
  };
  const list = async (bucket: string, json: Record<string, unknown>, who = token) =>
    (await call('POST', `/object/list/${bucket}`, { token: who, json: { prefix: '', ...json } })).json as Entry[];
  const namesOf = async (bucket: string, json: Record<string, unknown> = {}) =>
    (await list(bucket, json)).map(entry => entry.name);
  const page = async (bucket: string, json: Record<string, unknown>, who = token) =>
    (await call('POST', `/object/list-v2/${bucket}`, { token: who, json })).json as Page;

  describe('of one folder', () => {
    it.each([
      ['infinity', '9999-12-31T23:59:59.999Z'],
      ['-infinity', '0001-01-01T00:00:00.000Z'],
      ['0044-03-15 00:00:00+00 BC', '0001-01-01T00:00:00.000Z'],
    ])('gives a row that plain SQL has dated %s the nearest date there is', async (instant, expected) => {
      const bucket = `dated-${instant.length}`;
      await bucketOf(bucket, ['odd', 'plain']);
      await gateway.db.sql(`update storage.objects set created_at = $2 where bucket_id = $1 and name = 'odd'`, [
        bucket,
        instant,
      ]);
      expect(await list(bucket, {})).toMatchObject([{ name: 'odd', created_at: expected }, { name: 'plain' }]);
    });

    it.each([
      ['no prefix', {}],
      ['a limit of 0', { prefix: '', limit: 0 }],
      ['a negative offset', { prefix: '', offset: -1 }],
      ['an unknown column', { prefix: '', sortBy: { column: 'id' } }],
      ['an unknown order', { prefix: '', sortBy: { column: 'name', order: 'up' } }],
      ['a limit that is no number', { prefix: '', limit: 'many' }],
    ])('T2-42 refuses %s', async (_what, json) => {
      const reply = await call('POST', '/object/list/private', { token, json });
      expect(reply.json).toMatchObject({ statusCode: '400', error: 'Error', code: 'InvalidRequest' });
    });

    it('T2-42 shows files with their facts and folders with everything null', async () => {
      await addBucket(gateway, 'facts');
      const headers = { 'content-type': 'text/plain', 'cache-control': 'max-age=5' };
      await call('POST', '/object/facts/top/sub/deep.txt', { token, body: 'deep', headers });
      await call('POST', '/object/facts/top/cat.txt', { token, body: 'cat', headers });
      expect(await list('facts', { prefix: 'top' })).toEqual([
        {
          name: 'cat.txt',
          id: expect.any(String),
          created_at: expect.stringMatching(/Z$/),
          updated_at: expect.stringMatching(/Z$/),
          last_accessed_at: expect.stringMatching(/Z$/),
          metadata: {
            eTag: '"d077f244def8a70e5ea758bd8352fcd8"',
            size: 3,
            mimetype: 'text/plain',
            cacheControl: 'max-age=5',
            lastModified: expect.stringMatching(/Z$/),
            contentLength: 3,
            httpStatusCode: 200,
          },
        },
        { name: 'sub', id: null, created_at: null, updated_at: null, last_accessed_at: null, metadata: null },
      ]);
      expect(await list('facts', { prefix: 'top/' })).toEqual(await list('facts', { prefix: 'top' }));
      expect(await namesOf('facts')).toEqual(['top']);
    });

    it('T2-42 gives 100 entries unless told otherwise, and pages that do not overlap', async () => {
      const names = Array.from({ length: 101 }, (_, n) => `n${String(n).padStart(3, '0')}`);
      await bucketOf('hundred', names);
      expect(await namesOf('hundred')).toEqual(names.slice(0, 100));
      expect(await namesOf('hundred', { offset: 100 })).toEqual(names.slice(100));
      expect(await namesOf('hundred', { limit: 40, offset: 35 })).toEqual(names.slice(35, 75));
      expect(await namesOf('hundred', { limit: '2' })).toEqual(names.slice(0, 2));
      expect(await namesOf('hundred', { offset: 500 })).toEqual([]);
      expect(await namesOf('hundred', { limit: 101, sortBy: { order: 'desc' } })).toEqual(names.toReversed());
    });

    it('takes a limit above 1000 as 1000', async () => {
      await bucketOf(
        'thousand',
        Array.from({ length: 1005 }, (_, n) => `n${n}`),
      );
      expect(await namesOf('thousand', { limit: 5000 })).toHaveLength(1000);
    });

    it.each<[string, Order, string[]]>([
      ['name', 'asc', ['b', 'c', 'a', 'f']],
      ['created_at', 'asc', ['f', 'c', 'a', 'b']],
      ['created_at', 'desc', ['f', 'b', 'a', 'c']],
      ['updated_at', 'asc', ['f', 'b', 'a', 'c']],
    ])('T2-42 sorts by %s %s, by time with folders first', async (column, order, expected) => {
      const bucket = `sorted-${column}-${order}`;
      await bucketOf(bucket, ['c', 'a', 'b', 'f/x']);
      const found = await namesOf(bucket, { sortBy: { column, order } });
      expect(found).toEqual(column === 'name' ? ['a', 'b', 'c', 'f'] : expected);
    });

    it('takes % and _ literally, and searches beginnings in any letter case', async () => {
      await bucketOf('search', [
        'Ab1',
        'aB2',
        'a_b',
        'a%b',
        'axb',
        'Ärger',
        'ärmel',
        'ab/inner',
        'zab',
        'STRASSE',
        'ﬂuid',
      ]);
      expect(await namesOf('search', { search: 'ab' })).toEqual(['Ab1', 'aB2', 'ab']);
      expect(await namesOf('search', { search: 'A_' })).toEqual(['a_b']);
      expect(await namesOf('search', { search: 'a%' })).toEqual(['a%b']);
      expect(await namesOf('search', { search: 'ÄR' })).toEqual(['Ärger', 'ärmel']);
      expect(await namesOf('search', { search: 'strass' })).toEqual(['STRASSE']);
      expect(await namesOf('search', { search: 'aB', sortBy: { order: 'desc' } })).toEqual(['ab', 'aB2', 'Ab1']);
      expect(await namesOf('search', { search: 'ab', limit: 1, offset: 1 })).toEqual(['aB2']);
      expect((await namesOf('search', { search: 'AB', sortBy: { column: 'created_at' } })).sort()).toEqual([
        'Ab1',
        'aB2',
        'ab',
      ]);
      expect(await namesOf('search', { prefix: 'ab', search: 'IN' })).toEqual(['inner']);
      expect(await namesOf('search', { search: 'nothing' })).toEqual([]);
    });

    it('tells folders that differ in letter case apart (W-19)', async () => {
      await bucketOf('cases', ['A/upper', 'a/lower']);
      expect(await namesOf('cases', { prefix: 'A' })).toEqual(['upper']);
      expect(await namesOf('cases', { prefix: 'a' })).toEqual(['lower']);
    });

    it('T2-43 shows each caller what policies show, and an unknown bucket as empty', async () => {
      await addRows('private', [`${ALICE}/mine`, `${BOB}/his`]);
      expect(await list('private', {}, alice)).toMatchObject([{ name: ALICE, id: null }]);
      expect(await list('private', {}, bob)).toMatchObject([{ name: BOB, id: null }]);
      expect(await list('private', { prefix: BOB }, alice)).toEqual([]);
      expect(await list('private', {}, ANON_TOKEN)).toEqual([]);
      expect(await list('nowhere', {})).toEqual([]);
      expect(await page('private', {}, alice)).toMatchObject({ folders: [], objects: [{ name: `${ALICE}/mine` }] });
      expect(await page('nowhere', {})).toEqual({ hasNext: false, folders: [], objects: [] });
    });

    it('lists names with empty segments, quotes and characters beyond the basic plane', async () => {
      await bucketOf('odd', ['a//b', '/lead', 'trail/', "it's", '🙂/x', '🙂y', '\uffee']);
      expect(await namesOf('odd')).toEqual(['', 'a', "it's", 'trail', '\uffee', '🙂', '🙂y']);
      expect(await namesOf('odd', { prefix: 'a' })).toEqual(['']);
      expect(await namesOf('odd', { prefix: '🙂' })).toEqual(['x']);
      expect(await namesOf('odd', { prefix: 'trail' })).toEqual(['']);
    });
  });

  describe('by cursor', () => {
    /** Every entry of a listing, in the order of its pages; `between` runs after each page. */
    async function walk(bucket: string, json: Record<string, unknown>, between: () => Promise<void> = async () => {}) {
      const order = ((json.sortBy as { order?: Order })?.order ?? 'asc') as Order;
      const names: string[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 200; pages += 1) {
        const found = await page(bucket, { ...json, ...(cursor === undefined ? {} : { cursor }) });
        const entries = [...found.folders, ...found.objects].map(entry => entry.name);
        expect(entries.length).toBeLessThanOrEqual((json.limit as number | undefined) ?? 1000);
        names.push(...inOrder(entries, order));
        expect(found.hasNext).toBe(found.nextCursor !== undefined);
        if (!found.hasNext) return names;
        expect(entries).toContain(found.nextCursorKey);
        cursor = found.nextCursor;
        await between();
      }
      throw new Error('the listing never ends');
    }

    const W17 = ['a', 'a-b', 'a.txt', 'a/c', 'a0'];
    const ODD = ['a/b/c', 'a/b/d', 'a/c', 'b', 'b//x', 'b/', 'c!', 'c/1', 'c0', '🙂/x', '🙂', '\uffee/z', '/', '//'];
    it.each<[string, Order, readonly string[]]>([
      ['the keys of W-17', 'asc', W17],
      ['the keys of W-17', 'desc', W17],
      ['odd keys', 'asc', ODD],
      ['odd keys', 'desc', ODD],
    ])('W-17 gives %s with every limit once, in byte order %s', async (what, order, names) => {
      const bucket = `w17-${what.replaceAll(' ', '-')}-${order}`;
      await bucketOf(bucket, names);
      for (let limit = 1; limit <= names.length + 1; limit += 1) {
        const sortBy = { column: 'name', order };
        expect(await walk(bucket, { limit, sortBy, with_delimiter: true })).toEqual(inOrder(levelOf(names), order));
        expect(await walk(bucket, { limit, sortBy })).toEqual(inOrder(names, order));
      }
    });

    it.each<[string, Order, boolean]>([
      ['created_at', 'asc', true],
      ['created_at', 'desc', true],
      ['updated_at', 'asc', false],
      ['updated_at', 'desc', false],
    ])('gives every entry once by %s %s, delimited: %p, with every limit', async (column, order, delimited) => {
      const names = ['m', 'a/1', 'z', 'b', 'a/2', 'c/x', 'k'];
      const bucket = `time-${column}-${order}-${delimited}`;
      await bucketOf(bucket, names);
      // Two of the same instant must not hide each other.
      await gateway.db.sql(
        `update storage.objects set created_at = (select min(created_at) from storage.objects where bucket_id = $1)
         where bucket_id = $1 and name in ('m', 'z', 'k')`,
        [bucket],
      );
      for (let limit = 1; limit <= names.length; limit += 1) {
        const found = await walk(bucket, { limit, sortBy: { column, order }, with_delimiter: delimited });
        expect(inOrder(found, 'asc')).toEqual(inOrder(delimited ? levelOf(names) : names, 'asc'));
      }
    });

    it('gives everything that exists throughout once, whatever is inserted and deleted meanwhile', async () => {
      const lasting = Array.from(
        { length: 60 },
        (_, n) => `k${String(n * 2).padStart(3, '0')}${n % 7 === 0 ? '/x' : ''}`,
      );
      for (const order of ['asc', 'desc'] as const) {
        const bucket = `moving-${order}`;
        await bucketOf(bucket, lasting);
        let step = 0;
        const between = async () => {
          step += 1;
          await addRows(bucket, [`k${String((step * 37) % 120).padStart(3, '0')}~${step}`, `j${step}`, `l${step}/y`]);
          await gateway.db.sql('delete from storage.objects where bucket_id = $1 and name like $2', [
            bucket,
            `%~${step - 2}`,
          ]);
        };
        for (const delimited of [true, false]) {
          const sortBy = { column: 'name', order };
          const found = await walk(bucket, { limit: 3, sortBy, with_delimiter: delimited }, between);
          expect(new Set(found).size).toBe(found.length);
          expect(found).toEqual(inOrder(found, order));
          expect(found).toEqual(expect.arrayContaining(delimited ? [...levelOf(lasting)] : lasting));
        }
      }
    });

    it('takes a prefix as it stands, and relates folders to it', async () => {
      await bucketOf('prefixed', ['photos/a/1', 'photos/b.png', 'photos-old/x', 'ph', 'Photos/y']);
      const names = async (prefix: string, delimited = true) => {
        const { folders, objects } = await page('prefixed', { prefix, with_delimiter: delimited });
        return [...folders, ...objects].map(entry => entry.name);
      };
      expect(await names('photos')).toEqual(['photos-old/', 'photos/']);
      expect(await names('photos/')).toEqual(['photos/a/', 'photos/b.png']);
      expect(await names('photos', false)).toEqual(['photos-old/x', 'photos/a/1', 'photos/b.png']);
    });

    it('names folders with and without their slash, and objects by their whole name', async () => {
      await bucketOf('keys', ['photos/a.png', 'photos/deep/b.png']);
      const delimited = await page('keys', { prefix: 'photos/', with_delimiter: true });
      expect(delimited.folders).toEqual([
        {
          key: 'photos/deep',
          name: 'photos/deep/',
          id: null,
          created_at: null,
          updated_at: null,
          last_accessed_at: null,
          metadata: null,
        },
      ]);
      expect(delimited.objects).toMatchObject([{ key: 'photos/a.png', name: 'photos/a.png', id: expect.any(String) }]);
      expect((await page('keys', {})).objects[0]).not.toHaveProperty('key');
    });

    it('refuses a cursor that is none, and one of another order', async () => {
      const { nextCursor } = await page('w17-the-keys-of-W-17-asc', { limit: 1 });
      const forged = [
        { cursor: 'rubbish' },
        { cursor: Buffer.from('[]').toString('base64url') },
        { cursor: Buffer.from('["a\\u0000",false,"name","asc",null]').toString('base64url') },
        { cursor: nextCursor, sortBy: { column: 'name', order: 'desc' } },
        { cursor: nextCursor, sortBy: { column: 'created_at', order: 'asc' } },
      ];
      for (const json of forged) {
        const reply = await call('POST', '/object/list-v2/private', { token, json });
        expect(reply.json).toEqual({
          statusCode: '400',
          error: 'InvalidParameter',
          message: 'Invalid Parameter continuation token',
          code: 'InvalidParameter',
        });
      }
    });

    it('never leaves its prefix, whatever the cursor of another listing says', async () => {
      await bucketOf('bounds', ['a/1', 'a/2', 'b/1', 'c/1']);
      for (const order of ['asc', 'desc'] as const) {
        const sortBy = { column: 'name', order };
        const first = await page('bounds', { limit: 1, sortBy });
        const others = await page('bounds', { prefix: 'a/', sortBy, cursor: first.nextCursor });
        for (const entry of others.objects) expect(entry.name).toMatch(/^a\//);
        const beyond = await page('bounds', { prefix: 'b/', sortBy, cursor: first.nextCursor });
        expect(beyond.objects.map(entry => entry.name)).toEqual(['b/1']);
      }
    });
  });
});
