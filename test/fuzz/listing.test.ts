/**
 * Listings against a model: random names, every kind of page, as a caller whose policy hides part of them. The model
 * sorts and groups in memory; the database seeks. A failing seed is printed by fast-check.
 */
import fc from 'fast-check';
import { type Database, makeDatabase } from '../../src/database/database.ts';
import type { ListedEntry } from '../../src/database/queries/list-objects.ts';
import type { PageCursor, SortOrder } from '../../src/domain/listing.ts';
import type { Core } from '../../src/operations/core.ts';
import { listFolder, listPage, type PageRequest } from '../../src/operations/list-objects.ts';
import { ALICE, BOB, scopeOf, user } from '../support/scopes.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';

const RUNS = 60;

/** Few letters and many slashes, so that names share folders; some letters sort around the slash, some beyond ASCII. */
const nameOf = fc
  .array(fc.constantFrom('a', 'b', 'A', '/', '/', '-', '.', '0', 'ü', 'Ü', '🦥', '_', '%'), {
    minLength: 1,
    maxLength: 7,
  })
  .map(letters => letters.join(''));
const namesOf = fc.uniqueArray(nameOf, { maxLength: 60 });
const prefixOf = fc.oneof(fc.constant(''), nameOf);
const orderOf = fc.constantFrom<SortOrder>('asc', 'desc');
/** What a listing is followed through: names, prefix, whether by level, order, size of a page. */
const walkOf = [namesOf, prefixOf, fc.boolean(), orderOf, fc.integer({ min: 1, max: 7 })] as const;

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Names under the prefix, each folder once with its slash, in byte order. */
function model(names: readonly string[], prefix: string, delimited: boolean, order: SortOrder): string[] {
  const entries = names
    .filter(name => name.startsWith(prefix))
    .map(name => {
      const slash = delimited ? name.indexOf('/', prefix.length) : -1;
      return slash === -1 ? name : name.slice(0, slash + 1);
    });
  // A folder's entry and an object whose name ends in that slash are two entries only without a delimiter.
  const sorted = [...new Set(entries)].sort(compare);
  return order === 'asc' ? sorted : sorted.reverse();
}

describe('listings', () => {
  let db: TestDatabase;
  let database: Database;
  let core: Core;
  const scope = scopeOf(user(ALICE));

  beforeAll(async () => {
    db = await cloneTestDatabase();
    await db.sql(`insert into storage.buckets (id, name) values ('b', 'b'), ('other', 'other')`);
    await db.sql(`create policy own on storage.objects for select using (owner_id = (select auth.uid())::text)`);
    await db.sql(`insert into storage.objects (bucket_id, name, owner_id) values ('other', 'a/b', $1)`, [ALICE]);
    database = makeDatabase({ target: db.target, poolSize: 2, prepare: true });
    core = { database } as Core;
  });
  afterAll(async () => {
    await database.close();
    await db.drop();
  });

  async function fill(names: readonly string[]): Promise<void> {
    await db.sql(`delete from storage.objects where bucket_id = 'b'`);
    await db.sql(
      `insert into storage.objects (bucket_id, name, owner_id, created_at)
       select 'b', n.name, $2, now() + (n.position % 5) * interval '1 microsecond' from unnest($1::text[]) with ordinality as n (name, position)`,
      [names, ALICE],
    );
    // What bob has lies everywhere between, and alice must never see or pay for it.
    await db.sql(
      `insert into storage.objects (bucket_id, name, owner_id)
       select 'b', n || '~bob', $2 from unnest($1::text[]) as n on conflict do nothing`,
      [names, BOB],
    );
  }

  async function follow(request: Omit<PageRequest, 'after' | 'bucket'>): Promise<ListedEntry[]> {
    const seen: ListedEntry[] = [];
    let after: PageCursor | null = null;
    do {
      const page: Awaited<ReturnType<typeof listPage>> = await listPage(core, scope, {
        ...request,
        bucket: 'b',
        after,
      });
      expect(page.entries.length).toBeLessThanOrEqual(request.limit);
      seen.push(...page.entries);
      after = page.next;
    } while (after !== null);
    return seen;
  }

  it('by cursor, of any page size, give every entry once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(...walkOf, async (names, prefix, delimited, order, limit) => {
        await fill(names);
        const entries = await follow({ prefix, delimited, column: 'name', order, limit });
        expect(entries.map(entry => entry.name)).toEqual(model(names, prefix, delimited, order));
      }),
      { numRuns: RUNS },
    );
  });

  it('by offset give the same entries in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(
        namesOf,
        prefixOf,
        orderOf,
        fc.nat(70),
        fc.integer({ min: 1, max: 20 }),
        async (names, prefix, order, offset, limit) => {
          await fill(names);
          const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
          const request = { bucket: 'b', folder, search: '', column: 'name', order, offset, limit } as const;
          const entries = await listFolder(core, scope, request);
          expect(entries.map(entry => entry.name)).toEqual(
            model(names, folder, true, order).slice(offset, offset + limit),
          );
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('by a search give the entries whose names begin with it in any letter case', async () => {
    await fc.assert(
      fc.asyncProperty(
        namesOf,
        fc.constantFrom('a', 'A', 'aB', 'ab-', 'ü', 'üÜ', '%', '_', 'a.'),
        orderOf,
        fc.nat(3),
        async (names, search, order, offset) => {
          await fill(names);
          const request = { bucket: 'b', folder: '', search, column: 'name', order, offset, limit: 10 } as const;
          const entries = await listFolder(core, scope, request);
          const matching = model(names, '', true, order).filter(name =>
            name.toLowerCase().startsWith(search.toLowerCase()),
          );
          expect(entries.map(entry => entry.name)).toEqual(matching.slice(offset, offset + 10));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('by time, of any page size, give every entry once: folders first, then by time and name', async () => {
    await fc.assert(
      fc.asyncProperty(...walkOf, async (names, prefix, delimited, order, limit) => {
        await fill(names);
        const entries = await follow({ prefix, delimited, column: 'created_at', order, limit });
        const time = new Map(names.map((name, index) => [name, (index + 1) % 5]));
        const sign = order === 'asc' ? 1 : -1;
        const expected = model(names, prefix, delimited, 'asc').sort((a, b) => {
          const folders = Number(isFolder(b)) - Number(isFolder(a));
          return folders || sign * (timeOf(a) - timeOf(b) || compare(a, b));
        });
        function timeOf(name: string): number {
          return isFolder(name) ? 0 : (time.get(name) ?? 0);
        }
        function isFolder(name: string): boolean {
          return delimited && name.endsWith('/') && name.length > prefix.length;
        }
        expect(entries.map(entry => entry.name)).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  it('pass over long runs of files and of folders by offset', async () => {
    const files = Array.from({ length: 900 }, (_, n) => `f${String(n).padStart(4, '0')}`);
    const folders = Array.from({ length: 300 }, (_, n) => [`d${n}/x`, `d${n}/y/z`]).flat();
    const mixed = Array.from({ length: 200 }, (_, n) => [`m${n}`, `m${n}/x`]).flat();
    const names = [...files, ...folders, ...mixed];
    await fill(names);
    for (const order of ['asc', 'desc'] as const) {
      const all = model(names, '', true, order);
      for (const offset of [0, 63, 64, 80, 250, 500, 900, 1190, 1399, all.length - 1, all.length]) {
        const request = { bucket: 'b', folder: '', search: '', column: 'name', order, offset, limit: 5 } as const;
        const entries = await listFolder(core, scope, request);
        expect(entries.map(entry => entry.name)).toEqual(all.slice(offset, offset + 5));
      }
    }
  });

  describe('of runs of files with a folder behind each', () => {
    const RUN_LENGTHS = [15, 16, 17, 79, 80, 81, 300];
    const names = RUN_LENGTHS.flatMap((length, run) => [
      ...Array.from({ length }, (_, n) => `r${run}-${String(n).padStart(3, '0')}`),
      `r${run}/x`,
      `r${run}/y/z`,
    ]);
    beforeEach(() => fill(names));

    it.each(['asc', 'desc'] as const)('give what lies between any two entries, %s', async order => {
      const all = model(names, '', true, order);
      for (const offset of [0, 1, 16, 63, 64, 65, 96, 130, 288, 400, all.length - 1]) {
        for (const limit of [1, 15, 16, 17, 79, 80, 81, 96, 97, 150, 1000]) {
          const request = { bucket: 'b', folder: '', search: '', column: 'name', order, offset, limit } as const;
          const entries = await listFolder(core, scope, request);
          expect(entries.map(entry => entry.name)).toEqual(all.slice(offset, offset + limit));
        }
      }
    });

    it.each([
      ['asc', true],
      ['desc', true],
      ['asc', false],
      ['desc', false],
    ] as const)('give every entry once by cursor, %s, delimited %s', async (order, delimited) => {
      for (const [prefix, limit] of [
        ['', 90],
        ['r', 100],
        ['r6-', 128],
        ['r6-1', 1000],
      ] as const) {
        const entries = await follow({ prefix, delimited, column: 'name', order, limit });
        expect(entries.map(entry => entry.name)).toEqual(model(names, prefix, delimited, order));
      }
    });

    it('give by time and by a search the same entries as in order', async () => {
      const byTime = await follow({ prefix: '', delimited: true, column: 'created_at', order: 'asc', limit: 1000 });
      expect(byTime.map(entry => entry.name).sort(compare)).toEqual(model(names, '', true, 'asc'));
      const found = { bucket: 'b', folder: '', search: 'R6', column: 'name', order: 'desc' } as const;
      const entries = await listFolder(core, scope, { ...found, offset: 100, limit: 150 });
      expect(entries.map(entry => entry.name)).toEqual(model(names, 'r6', true, 'desc').slice(100, 250));
    });

    it('say of a file in a run what a look at the file says', async () => {
      const entries = await follow({ prefix: 'r6', delimited: true, column: 'name', order: 'asc', limit: 1000 });
      const rows = await db.sql(
        `select name, id, created_at, updated_at from storage.objects where bucket_id = 'b' and owner_id = $1
           and name like 'r6-%' order by name`,
        [ALICE],
      );
      const files = entries.filter(entry => !entry.isFolder);
      expect(files.map(({ name, id }) => [name, id])).toEqual(rows.map(({ name, id }) => [name, id]));
      expect(files.map(entry => new Date(entry.createdAt ?? 0))).toEqual(rows.map(row => row.created_at));
    });
  });

  it('stay complete and without repeats while other names come and go', async () => {
    const steady = Array.from({ length: 120 }, (_, n) => `${String(n).padStart(3, '0')}${n % 3 === 0 ? '/x' : ''}`);
    await fill(steady);
    const seen: string[] = [];
    let after: PageCursor | null = null;
    do {
      const page: Awaited<ReturnType<typeof listPage>> = await listPage(core, scope, {
        bucket: 'b',
        prefix: '',
        delimited: true,
        column: 'name',
        order: 'asc',
        limit: 7,
        after,
      });
      seen.push(...page.entries.map(entry => entry.name));
      after = page.next;
      const last = page.entries.at(-1)?.name ?? '';
      await db.sql(`delete from storage.objects where bucket_id = 'b' and name like '%+'`);
      await db.sql(
        `insert into storage.objects (bucket_id, name, owner_id) values ('b', $1, $3), ('b', $2, $3) on conflict do nothing`,
        [`${last}+`, '000+', ALICE],
      );
    } while (after !== null);
    const lasting = seen.filter(name => !name.endsWith('+'));
    expect(lasting).toEqual(model(steady, '', true, 'asc'));
  });
});
