/** API 004: one's own files. The numbers are those of the facts T4-… */

import { type Logger, makeLogger } from '../../../src/observe/logger.ts';
import { openSessionFor } from '../../support/accounts.ts';
import type { CallReply } from '../../support/call.ts';
import { type Cloud, formFile, PNG, startCloud, verdict } from '../../support/cloud.ts';
import { ANON_TOKEN, STORES, tokenFor } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';

/** What packages of apps begin as. */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]);

describe.each(STORES)('one’s own files, on the %s store', store => {
  let cloud: Cloud;
  const lines: { message: string; fields: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    const log: Logger = {
      ...makeLogger({ level: 'error' }),
      info: (message: string, fields?: object) => lines.push({ message, fields: { ...fields } }),
    };
    cloud = await startCloud({ store, log });
  });
  afterAll(() => cloud.gateway.stop());
  beforeEach(async () => {
    await cloud.gateway.db.sql('delete from storage.objects');
    await cloud.forgetLimits();
    lines.length = 0;
  });

  const bytesOf = (id: string): Promise<CallReply> => cloud.call('GET', `/u/${id}`);

  describe('who is asking', () => {
    const INVALID = { code: 'INVALID_SESSION_ERROR', message: 'Invalid Session' };

    it.each([
      ['no header', {}],
      ['rubbish', { authorization: 'rubbish' }],
      ['another scheme', { authorization: 'Basic YWxpY2U6eA==' }],
      ['the key that every visitor has', { authorization: ANON_TOKEN }],
    ])('refuses %s (T4-01)', async (_, headers) => {
      const reply = await cloud.call('GET', '/api/users/me/files', { headers });
      expect([reply.status, reply.json]).toEqual([401, INVALID]);
      expect(reply.headers['ratelimit-skipped']).toBe('true');
    });

    it('refuses a token whose `sub` is no UUID, where a policy wants one (T4-01)', async () => {
      const { db } = cloud.gateway;
      await db.sql(`create policy wants_uid on storage.permits for select to authenticated
        using ((select auth.uid()) is null)`);
      const token = tokenFor('authenticated', 'auth0|123');
      const reply = await cloud.call('GET', '/api/users/me/files', { token });
      await db.sql('drop policy wants_uid on storage.permits');
      expect([reply.status, reply.json]).toEqual([401, INVALID]);
      expect(reply.headers['ratelimit-skipped']).toBe('true');
    });

    it('refuses a session that was ended (T4-01)', async () => {
      const { id, token } = await openSessionFor(cloud.gateway.db, 'alice');
      expect((await cloud.call('GET', '/api/users/me/files', { token })).status).toBe(200);
      await cloud.gateway.db.sql('update sluice.sessions set revoked_at = now() where id = $1', [id]);
      const reply = await cloud.call('GET', '/api/users/me/files', { token });
      expect([reply.status, reply.json]).toEqual([401, INVALID]);
    });

    it('takes the token without a scheme word', async () => {
      const headers = { authorization: cloud.people.alice.token };
      expect((await cloud.call('GET', '/api/users/me/files', { headers })).status).toBe(200);
    });

    it('is told by HEAD what GET would say', async () => {
      const get = await cloud.as('alice', 'GET', '/api/users/me/files');
      const head = await cloud.as('alice', 'HEAD', '/api/users/me/files');
      expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', `${get.bytes.length}`]);
      expect((await cloud.call('HEAD', '/api/users/me/files')).status).toBe(401);
      expect((await cloud.call('HEAD', '/health')).status).toBe(200);
    });

    it('finds nothing under broken percent-encoding', async () => {
      expect(verdict(await cloud.as('alice', 'GET', '/api/users/me/files/%ff'))).toBe('404 INVALID_ENDPOINT_ERROR');
    });

    it('refuses a banned user everything (T4-25)', async () => {
      const body = { code: 'BANNED_ERROR', message: 'Banned' };
      for (const [method, path, options] of [
        ['GET', '/api/users/me/files', {}],
        ['DELETE', '/api/users/me/files/abcdefghij.png', {}],
        ['POST', '/api/upload', { form: [formFile()] }],
        ['GET', '/api/users/me/sessions', {}],
        ['GET', '/api/files', {}],
      ] as const) {
        const reply = await cloud.as('dave', method, path, options);
        expect([reply.status, reply.json]).toEqual([403, body]);
      }
    });

    it('answers unknown endpoints in its own form (T4-24)', async () => {
      for (const path of ['/api', '/api/', '/api/nothing', '/api/users/me', '/api/files/x/y/z']) {
        const reply = await cloud.as('alice', 'GET', path);
        expect([verdict(reply), reply.headers['ratelimit-skipped']]).toEqual(['404 INVALID_ENDPOINT_ERROR', 'true']);
      }
      expect(verdict(await cloud.as('alice', 'PATCH', '/api/files'))).toBe('404 INVALID_ENDPOINT_ERROR');
    });
  });

  it('writes down what is switched off as a refusal, not as a failure', async () => {
    await cloud.gateway.db.sql('update sluice.kill_switches set enabled = true where id = 5');
    const { headers } = await cloud.as('alice', 'POST', '/api/upload', { form: [formFile()] });
    await cloud.gateway.db.sql('update sluice.kill_switches set enabled = false');
    const ofIt = () => lines.find(({ fields }) => fields.requestId === headers['x-request-id'])?.fields;
    await until('the line of the request', async () => ofIt() !== undefined);
    expect(ofIt()).toMatchObject({ status: 503, error: 'switched-off' });
  });

  describe('upload', () => {
    it('refuses a request without the part, and keeps nothing (T4-03)', async () => {
      const refused = { code: 'MISSING_FIELDS_ERROR', message: 'Missing Fields', fields: ['file'] };
      for (const options of [
        {},
        { json: { file: 'x' } },
        { form: [{ name: 'field', value: 'x' }] },
        { form: [{ ...formFile(), name: 'picture' }] },
      ]) {
        const reply = await cloud.as('alice', 'POST', '/api/upload', options);
        expect([reply.status, reply.json]).toEqual([400, refused]);
      }
      expect(await cloud.ids('alice')).toEqual([]);
    });

    it('refuses a user whose mail address is not verified (T4-03)', async () => {
      const reply = await cloud.as('carol', 'POST', '/api/upload', { form: [formFile()] });
      expect([reply.status, reply.json]).toEqual([
        403,
        { code: 'EMAIL_NOT_VERIFIED_ERROR', message: 'Email Not Verified' },
      ]);
    });

    it('refuses what is beyond the limit, and keeps nothing (T4-03)', async () => {
      await cloud.gateway.db.sql(`update storage.buckets set file_size_limit = 1000 where id = 'uploads'`);
      const reply = await cloud.as('alice', 'POST', '/api/upload', { form: [formFile({ text: 'x'.repeat(1001) })] });
      await cloud.gateway.db.sql(`update storage.buckets set file_size_limit = null where id = 'uploads'`);
      expect([reply.status, reply.json]).toEqual([413, { code: 'BODY_TOO_LARGE_ERROR', message: 'Body Too Large' }]);
      expect(await cloud.ids('alice')).toEqual([]);
    });

    it('refuses a form that is cut short, and keeps nothing', async () => {
      const body =
        '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nabc';
      const headers = { 'content-type': 'multipart/form-data; boundary=b' };
      const reply = await cloud.as('alice', 'POST', '/api/upload', { headers, body });
      expect([reply.status, reply.json]).toMatchObject([400, { code: 'MISSING_FIELDS_ERROR', fields: ['file'] }]);
      expect(await cloud.ids('alice')).toEqual([]);
    });

    it('gives an address under an id that nobody guesses, and keeps the name (T4-02)', async () => {
      const reply = await cloud.as('alice', 'POST', '/api/upload', {
        form: [formFile({ text: PNG, fileName: 'cat.png' })],
      });
      expect(reply.status).toBe(201);
      const { url, manage, thumbnail, files, id: fileId } = reply.json as Record<string, string>;
      const id = String(url).split('/').at(-1) ?? '';
      expect(id).toMatch(/^[A-Za-z0-9_-]{10}\.png$/);
      expect([url, manage, thumbnail, files, typeof fileId]).toEqual([
        `${cloud.gateway.url}/u/${id}`,
        `${cloud.gateway.url}/api/users/me/files/${id}`,
        `${cloud.gateway.url}/u/${id}`,
        [url],
        'number',
      ]);
      const file = (await cloud.as('alice', 'GET', `/api/users/me/files/${id}`)).json as Record<string, unknown>;
      expect(file).toMatchObject({ id, name: 'cat.png', size: PNG.length, userID: cloud.people.alice.uid });
      expect(file.userID).toMatch(/^\d{13}$/);
      expect(file.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const served = await bytesOf(id);
      expect([served.bytes, served.headers['content-type']]).toEqual([PNG, 'image/png']);
    });

    it.each([
      ['PNG bytes called x.txt', PNG, 'x.txt', 'png', 'image/png'],
      ['text called a.tar.gz', 'text', 'a.tar.gz', 'tar.gz', 'application/gzip'],
      ['unknown bytes without an extension', 'what?', 'unknown', 'bin', 'application/octet-stream'],
      ['text called note.md', '# hi', 'note.md', 'md', 'text/markdown; charset=utf-8'],
      ['a page', '<p>hi', 'index.html', 'html', 'text/html; charset=utf-8'],
      ['an app', EMPTY_ZIP, 'app.apk', 'apk', 'application/vnd.android.package-archive'],
      ['an empty file', '', 'empty.txt', 'txt', 'text/plain; charset=utf-8'],
    ])('takes %s for what it is (T4-04)', async (_, text, fileName, extension, type) => {
      const id = await cloud.put('alice', { text, fileName });
      expect(id).toMatch(new RegExp(`^[A-Za-z0-9_-]{10}\\.${extension}$`));
      const served = await bytesOf(id);
      expect([served.bytes, served.headers['content-type']]).toEqual([Buffer.from(text), type]);
    });

    it('keeps the password of a file from policies and the file from who lacks it', async () => {
      const { db } = cloud.gateway;
      await db.sql(`create policy spy on storage.objects as restrictive for insert to authenticated
        with check (not current_setting('request.headers')::jsonb ? 'password')`);
      const headers = { password: 'open sesame' };
      const reply = await cloud.as('alice', 'POST', '/api/upload', { form: [formFile()], headers });
      await db.sql('drop policy spy on storage.objects');
      const id = (reply.json as { url: string }).url.split('/').at(-1) ?? '';
      expect([(await bytesOf(id)).status, (await bytesOf(`${id}?password=open%20sesame`)).status]).toEqual([403, 200]);
    });

    it('gives the same bytes two ids, each of them its own', async () => {
      const ids = [await cloud.put('alice'), await cloud.put('alice')];
      expect(new Set(ids).size).toBe(2);
    });

    it('carries bytes far beyond the part that it looks at', async () => {
      const text = Buffer.alloc(3_000_000, 'all of these bytes, ');
      const id = await cloud.put('alice', { text, fileName: 'long.txt' });
      expect((await bytesOf(id)).bytes.equals(text)).toBe(true);
    });

    it('heeds the options of API 001', async () => {
      const headers = { 'max-views': '1', 'original-name': 'true', format: 'uuid', 'no-json': 'true' };
      const reply = await cloud.as('alice', 'POST', '/api/upload', { form: [formFile()], headers });
      expect([reply.status, reply.headers['content-type']]).toEqual([201, 'text/plain; charset=utf-8']);
      const id = reply.text.split('/').at(-1) ?? '';
      expect(id).toMatch(/^[0-9a-f-]{36}\.txt$/);
      expect([(await bytesOf(id)).status, (await bytesOf(id)).status]).toEqual([200, 404]);
      expect(verdict(await cloud.as('alice', 'GET', `/api/users/me/files/${id}`))).toBe('404 INVALID_FILE_ERROR');
      expect(await cloud.ids('alice')).toEqual([]);
      const refused = await cloud.as('alice', 'POST', '/api/upload', {
        form: [formFile()],
        headers: { 'max-views': 'x' },
      });
      expect(refused.json).toEqual({ code: 'MISSING_FIELDS_ERROR', message: 'Missing Fields', fields: ['max-views'] });
    });
  });

  describe('lists', () => {
    it('pages newest first, with the number of all (T4-05)', async () => {
      const ids = [await cloud.put('alice'), await cloud.put('alice'), await cloud.put('alice')].reverse();
      await cloud.put('bob');
      const list = (query: string) => cloud.as('alice', 'GET', `/api/users/me/files${query}`);
      const items = ids.map(id => ({ id, name: 'note.txt' }));
      expect((await list('')).json).toEqual({ count: 3, items });
      expect((await list('?limit=1&offset=1&uid=me')).json).toEqual({ count: 3, items: items.slice(1, 2) });
      expect((await list('?limit=0')).json).toEqual({ count: 3, items: [] });
      expect((await list('?offset=9')).json).toEqual({ count: 3, items: [] });
      for (const query of ['?limit=51', '?limit=x', '?limit=-1', '?limit=1&limit=2', '?offset=-1', '?offset=x']) {
        expect((await list(query)).json).toEqual({ count: 3, items });
      }
    });

    it('never takes the literal `all` for a file of that name (T4-23)', async () => {
      await cloud.put('alice');
      expect(verdict(await cloud.as('alice', 'DELETE', '/api/users/me/files/all'))).toBe('400 MISSING_FIELDS_ERROR');
      expect(await cloud.ids('alice')).toHaveLength(1);
    });
  });

  describe('one file', () => {
    it.each(['absent.png', 'all', '%00', 'a%2Fb'])('knows no file %s (T4-06)', async id => {
      expect(verdict(await cloud.as('alice', 'GET', `/api/users/me/files/${id}`))).toBe('404 INVALID_FILE_ERROR');
    });

    it('hides another’s file as if it were absent, and changes nothing of it (T4-06)', async () => {
      const id = await cloud.put('bob');
      const path = `/api/users/me/files/${id}`;
      for (const [method, to, json] of [
        ['GET', path, undefined],
        ['PUT', `${path}/name`, { name: 'mine' }],
        ['DELETE', `${path}/name`, undefined],
        ['PUT', `${path}/extension`, { extension: 'png' }],
        ['DELETE', path, undefined],
      ] as const) {
        expect(verdict(await cloud.as('alice', method, to, { json }))).toBe('404 INVALID_FILE_ERROR');
      }
      const file = (await cloud.as('bob', 'GET', path)).json;
      expect(file).toMatchObject({ id, name: 'note.txt' });
    });

    it('has the display name that its owner gives it (T4-11, T4-12)', async () => {
      const id = await cloud.put('alice');
      const path = `/api/users/me/files/${id}/name`;
      const renamed = await cloud.as('alice', 'PUT', path, { json: { name: '  My File ' } });
      expect([renamed.status, renamed.json]).toEqual([200, expect.objectContaining({ id, name: 'My File' })]);
      for (const json of [{}, { name: 5 }, { name: null }, { name: ['x'] }, { name: 'x'.repeat(257) }]) {
        const refused = await cloud.as('alice', 'PUT', path, { json });
        expect([refused.status, refused.json]).toEqual([
          400,
          { code: 'MISSING_FIELDS_ERROR', message: 'Missing Fields', fields: ['name'] },
        ]);
      }
      for (const _ of [1, 2]) {
        const unnamed = await cloud.as('alice', 'DELETE', path);
        expect([unnamed.status, unnamed.json]).toEqual([200, expect.objectContaining({ id, name: null })]);
      }
    });

    it('has the extension that its owner gives it, under the same stem (T4-13)', async () => {
      const id = await cloud.put('alice', { text: PNG, fileName: 'cat.png' });
      const before = (await cloud.as('alice', 'GET', `/api/users/me/files/${id}`)).json as Record<string, string>;
      const stem = id.slice(0, 10);
      const changed = await cloud.as('alice', 'PUT', `/api/users/me/files/${id}/extension`, {
        json: { extension: '.txt' },
      });
      const file = changed.json as Record<string, string>;
      expect(file).toMatchObject({ id: `${stem}.txt`, name: 'cat.png', size: PNG.length, createdAt: before.createdAt });
      expect(String(file.updatedAt) > String(before.updatedAt)).toBe(true);
      expect(verdict(await cloud.as('alice', 'GET', `/api/users/me/files/${id}`))).toBe('404 INVALID_FILE_ERROR');
      expect((await bytesOf(id)).status).toBe(404);
      const served = await bytesOf(`${stem}.txt`);
      expect([served.bytes, served.headers['content-type']]).toEqual([PNG, 'text/plain; charset=utf-8']);
      const line = lines.find(({ message }) => message === 'file extension changed');
      expect(line?.fields).toEqual({
        requestId: changed.headers['x-request-id'],
        oldId: id,
        newId: `${stem}.txt`,
        user: cloud.people.alice.id,
      });
    });

    it.each([
      ['html', '415 INVALID_FILE_TYPE_ERROR', 'png'],
      ['jpeg', '200', 'jpeg'],
    ])(
      'with the extension %j has a type that the bucket allows, or stays as it is',
      async (extension, said, becomes) => {
        const id = await cloud.put('alice', { text: PNG, fileName: 'cat.png' });
        await cloud.gateway.db.sql(`update storage.buckets set allowed_mime_types = '{image/*}' where id = 'uploads'`);
        try {
          const json = { extension };
          const reply = await cloud.as('alice', 'PUT', `/api/users/me/files/${id}/extension`, { json });
          expect(reply.status === 200 ? '200' : verdict(reply)).toBe(said);
          expect(await cloud.ids('alice')).toEqual([`${id.slice(0, 10)}.${becomes}`]);
        } finally {
          await cloud.gateway.db.sql(`update storage.buckets set allowed_mime_types = null where id = 'uploads'`);
        }
      },
    );

    it.each([
      ['../x', 400, undefined],
      ['/../../etc', 400, undefined],
      ['a/../b', 400, undefined],
      ['', 400, undefined],
      ['tar.gz', 200, 'tar.gz'],
      ['txt', 200, 'txt'],
      ['p/n/g', 200, 'png'],
    ])('with the extension %j stays on its stem (T4-13)', async (extension, status, becomes) => {
      const id = await cloud.put('alice');
      const reply = await cloud.as('alice', 'PUT', `/api/users/me/files/${id}/extension`, { json: { extension } });
      expect(reply.status).toBe(status);
      expect(await cloud.ids('alice')).toEqual([becomes === undefined ? id : `${id.slice(0, 10)}.${becomes}`]);
    });

    it('is gone once deleted, with its bytes (T4-14)', async () => {
      const id = await cloud.put('alice');
      const path = `/api/users/me/files/${id}`;
      const gone = await cloud.as('alice', 'DELETE', path);
      expect([gone.status, gone.json]).toEqual([
        200,
        { code: 'DELETE_FILE_SUCCESS', message: 'File Successfully Deleted' },
      ]);
      expect(verdict(await cloud.as('alice', 'DELETE', path))).toBe('404 INVALID_FILE_ERROR');
      expect((await bytesOf(id)).status).toBe(404);
      await cloud.gateway.app.sweeper.run();
      const left: string[] = [];
      for await (const { key } of cloud.gateway.app.core.blobs.list(null)) left.push(key);
      expect(left).toEqual([]);
    });
  });

  describe('several files', () => {
    const remove = (ids: unknown) => cloud.as('alice', 'DELETE', '/api/users/me/files', { json: { ids } });

    it.each([
      ['missing', undefined, '400 MISSING_FIELDS_ERROR', ['ids']],
      ['a text', 'x', '400 MISSING_FIELDS_ERROR', ['ids']],
      ['not all texts', ['x', 5], '400 MISSING_FIELDS_ERROR', ['ids']],
      ['more than 50', Array(51).fill('x'), '400 BODY_TOO_LARGE_ERROR', undefined],
      ['none', [], '404 INVALID_FILE_ERROR', undefined],
    ])('refuses ids that are %s (T4-15)', async (_, ids, expected, fields) => {
      const reply = await remove(ids);
      expect(verdict(reply)).toBe(expected);
      expect((reply.json as { fields?: string[] }).fields).toEqual(fields);
    });

    it('removes those that are one’s own, each once, and no other (T4-15)', async () => {
      const [first, second, third] = [await cloud.put('alice'), await cloud.put('alice'), await cloud.put('alice')];
      const bobs = await cloud.put('bob');
      const reply = await remove([first, second, second, bobs, 'unknown.png']);
      expect([reply.status, reply.json]).toEqual([
        200,
        { code: 'DELETE_FILES_SUCCESS', message: 'Files Successfully Deleted', count: 2 },
      ]);
      expect([await cloud.ids('alice'), await cloud.ids('bob')]).toEqual([[third], [bobs]]);
      expect(verdict(await remove([bobs, 'unknown.png']))).toBe('404 INVALID_FILE_ERROR');
      expect(await cloud.ids('bob')).toEqual([bobs]);
    });
  });
});
