/** Who is asking, and what policies are told. Facts T2-45, T2-46, T2-50; STORAGE-API §0.3; behaviours W-23, W-24 of §7.2. */
import { addBucket, allowOwnFolders } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { ANON_TOKEN, type Gateway, JWT_SECRET, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE } from '../../support/scopes.ts';
import { forge, hmac } from '../../support/tokens.ts';

const signed = (claims: Record<string, unknown>, header: Record<string, unknown> = { alg: 'HS256', typ: 'JWT' }) =>
  forge(claims, header, hmac(256, JWT_SECRET));
const nowSeconds = Math.floor(Date.now() / 1000);
const claims = { role: 'service_role', exp: nowSeconds + 600 };
const none = () => Buffer.alloc(0);
const alice = tokenFor('authenticated', ALICE);

describe('who is asking', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'private');
    await addBucket(gateway, 'open', { public: true });
    await allowOwnFolders(gateway, 'private');
    for (const path of ['/object/private/a', '/object/open/a'])
      await call('POST', path, { token: SERVICE_TOKEN, body: 'a' });
  });
  afterAll(() => gateway.stop());

  const BAD_TOKENS: readonly (readonly [string, string, string])[] = [
    ['signed with another secret', forge(claims), 'invalid signature'],
    ['that has expired', signed({ ...claims, exp: nowSeconds - 1 }), '"exp" claim timestamp check failed'],
    ['that is not valid yet', signed({ ...claims, nbf: nowSeconds + 600 }), '"nbf" claim timestamp check failed'],
    ['with alg none', forge(claims, { alg: 'none' }, none), 'jwt malformed'],
    ['with alg none and a signature', forge(claims, { alg: 'none' }, hmac(256, JWT_SECRET)), 'invalid algorithm'],
    ['with alg NONE and a signature', forge(claims, { alg: 'NONE' }, hmac(256, JWT_SECRET)), 'invalid algorithm'],
    ['with an algorithm of another key', forge(claims, { alg: 'RS256' }, hmac(256, JWT_SECRET)), 'invalid algorithm'],
    ['that is no token', 'rubbish', 'jwt malformed'],
    [
      'whose payload was changed',
      signed(claims).replace(/\.[^.]+\./, `.${Buffer.from('{"role":"service_role"}').toString('base64url')}.`),
      'invalid signature',
    ],
    ['that is a signed link', signed({ url: 'private/a', exp: nowSeconds + 600 }), 'a signed link is not a login'],
    [
      'of the role postgres (W-23)',
      signed({ ...claims, role: 'postgres' }),
      expect.stringContaining('role "postgres" is not allowed'),
    ],
    [
      'of the gateway’s own role (W-23)',
      signed({ ...claims, role: 'sluice_gateway' }),
      expect.stringContaining('is not allowed'),
    ],
    [
      'of a role that does not exist (W-23)',
      signed({ ...claims, role: 'nobody"; drop table x' }),
      expect.stringContaining('is not allowed'),
    ],
    ['whose role is no text', signed({ ...claims, role: ['service_role'] }), expect.stringContaining('is not allowed')],
    ['whose sub is no text', signed({ ...claims, sub: 7 }), '"sub" claim must be a string'],
  ];

  it.each(BAD_TOKENS)('T2-45 refuses a token %s, and does nothing', async (_what, token, message) => {
    const before = await gateway.db.sql('select id from storage.objects');
    const requests = [
      call('GET', '/bucket', { token }),
      call('POST', '/bucket', { token, json: { name: 'intruder' } }),
      call('POST', '/object/private/b', { token, body: 'b' }),
      call('DELETE', '/object/private/a', { token }),
      call('GET', '/object/authenticated/private/a', { token }),
      call('POST', '/object/list/private', { token, json: { prefix: '' } }),
    ];
    for (const reply of await Promise.all(requests)) {
      expect(reply.status).toBe(400);
      expect(reply.json).toEqual({ statusCode: '403', error: 'Unauthorized', message, code: 'AccessDenied' });
    }
    expect(await gateway.db.sql('select id from storage.objects')).toEqual(before);
  });

  it.each(BAD_TOKENS)('takes a token %s for none where none is needed', async (_what, token) => {
    expect((await call('GET', '/object/open/a', { token })).text).toBe('a');
    expect((await call('GET', '/object/info/open/a', { token })).status).toBe(200);
    expect((await call('GET', '/object/public/open/a', { token })).text).toBe('a');
    const hidden = await call('GET', '/object/private/a', { token });
    expect(hidden.json).toMatchObject({ statusCode: '404', error: 'not_found' });
    expect((await call('GET', '/object/private/a')).json).toEqual(hidden.json);
  });

  it('T2-45 takes the token bare, and with its scheme in any case', async () => {
    for (const authorization of [SERVICE_TOKEN, `bearer ${SERVICE_TOKEN}`, `BEARER   ${SERVICE_TOKEN}`]) {
      expect((await call('GET', '/bucket', { headers: { authorization } })).status).toBe(200);
    }
    const basic = await call('GET', '/bucket', { headers: { authorization: `Basic ${SERVICE_TOKEN}` } });
    expect(basic.json).toMatchObject({ statusCode: '403', message: 'jwt malformed' });
  });

  it('reads no login from apikey, from a cookie or from the query', async () => {
    const replies = [
      await call('GET', '/bucket', { headers: { apikey: SERVICE_TOKEN } }),
      await call('GET', '/bucket', { headers: { cookie: `token=${SERVICE_TOKEN}` } }),
      await call('GET', `/bucket?token=${SERVICE_TOKEN}&apikey=${SERVICE_TOKEN}`),
    ];
    for (const reply of replies) expect(reply.json).toMatchObject({ statusCode: '400', error: 'Error' });
    const asAlice = await call('GET', '/object/private/a', { token: alice, headers: { apikey: SERVICE_TOKEN } });
    expect(asAlice.json).toMatchObject({ statusCode: '404' });
  });

  it('takes a token without a role as anon', async () => {
    const token = signed({ sub: ALICE, exp: nowSeconds + 600 });
    expect((await call('POST', `/object/private/${ALICE}/x`, { token, body: 'x' })).json).toMatchObject({
      statusCode: '403',
    });
  });

  it('T2-46 lets service_role past every policy, and anon past none', async () => {
    for (const [token, seen] of [
      [SERVICE_TOKEN, 1],
      [ANON_TOKEN, 0],
      [alice, 0],
    ] as const) {
      const reply = await call('POST', '/object/list/private', { token, json: { prefix: '', search: 'a' } });
      expect(reply.json).toHaveLength(seen);
    }
  });

  it('keeps the text of an id that is no UUID as the owner', async () => {
    await call('POST', '/object/private/by-name', { token: tokenFor('service_role', 'user-17'), body: 'x' });
    const rows = await gateway.db.sql(`select owner, owner_id from storage.objects where name = 'by-name'`);
    expect(rows).toEqual([{ owner: null, owner_id: 'user-17' }]);
  });

  it('T2-50 tells policies the operation, the method, the path, the headers without credentials, and the claims', async () => {
    await addBucket(gateway, 'told');
    await call('POST', '/object/told/a', { token: SERVICE_TOKEN, body: 'a' });
    await gateway.db.sql(`create policy told on storage.objects for select to authenticated using (
      bucket_id = 'told'
      and storage.operation() = 'storage.object.get_authenticated'
      and current_setting('request.method') = 'GET'
      and current_setting('request.path') = '/object/told/a'
      and current_setting('request.headers')::json ->> 'x-tenant' = 'blue'
      and not (current_setting('request.headers')::jsonb ?| array['authorization', 'apikey', 'cookie'])
      and auth.jwt() ->> 'team' = 'red' and auth.uid() = '${ALICE}' and auth.role() = 'authenticated')`);
    const token = tokenFor('authenticated', ALICE, { team: 'red' });
    const headers = { 'x-tenant': 'blue', apikey: 'k', cookie: 'c=1' };
    expect((await call('GET', '/object/told/a', { token, headers })).text).toBe('a');
    const refused = [
      await call('HEAD', '/object/told/a', { token, headers }),
      await call('GET', '/object/info/told/a', { token, headers }),
      await call('GET', '/object/told/a', { token, headers: { ...headers, 'x-tenant': 'green' } }),
      await call('GET', '/object/told/a', { token: alice, headers }),
      await call('GET', '/object/told/a?x=1', { token: ANON_TOKEN, headers }),
    ];
    for (const reply of refused) expect(reply.status).toBe(400);
    expect((await call('GET', '/object/told/a?download', { token, headers })).text).toBe('a');
  });

  it('T2-50 names each operation as the ecosystem does', async () => {
    await gateway.db.sql(`create table public.seen (operation text)`);
    await gateway.db.sql(`grant insert on public.seen to authenticated`);
    await gateway.db.sql(`create function public.note() returns trigger language plpgsql security definer as $$
      begin
        insert into public.seen values (storage.operation());
        return null;
      end $$`);
    await gateway.db.sql(`create trigger note after insert or update or delete on storage.objects
      for each statement execute function public.note()`);
    const folder = `/object/private/${ALICE}`;
    const name = (last: string) => `${ALICE}/${last}`;
    const json = (sourceKey: string, destinationKey: string) => ({ bucketId: 'private', sourceKey, destinationKey });
    await call('POST', `${folder}/n1`, { token: alice, body: 'x' });
    await call('PUT', `${folder}/n1`, { token: alice, body: 'x' });
    const link = await call('POST', `/object/upload/sign/private/${ALICE}/n2`, { token: alice });
    await call('PUT', (link.json as { url: string }).url, { body: 'x' });
    await call('POST', '/object/copy', { token: alice, json: json(name('n1'), name('n3')) });
    await call('POST', '/object/move', { token: alice, json: json(name('n3'), name('n4')) });
    await call('DELETE', `${folder}/n4`, { token: alice });
    await call('DELETE', '/object/private', { token: alice, json: { prefixes: [name('n1')] } });
    const seen = await gateway.db.sql<{ operation: string }>('select distinct operation from public.seen order by 1');
    expect(seen.map(row => row.operation)).toEqual([
      'storage.object.copy',
      'storage.object.delete',
      'storage.object.delete_many',
      'storage.object.move',
      'storage.object.upload',
      'storage.object.upload_signed',
      'storage.object.upload_update',
    ]);
  });

  it('W-24 grants TRUNCATE to no role that a token of a user may name', async () => {
    const holders = await gateway.db.sql(
      `select grantee::regrole::text as role from pg_class, aclexplode(relacl)
       where oid in ('storage.objects'::regclass, 'storage.buckets'::regclass) and privilege_type = 'TRUNCATE'
         and grantee in ('anon'::regrole, 'authenticated'::regrole, 0)`,
    );
    expect(holders).toEqual([]);
  });
});
