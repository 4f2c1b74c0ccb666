/** Path tokens, in the place of a login: facts T0-08 to T0-15 and T0-28, with short-lived JWTs as the tokens. */
import { signToken } from '../../../src/identity/sign-token.ts';
import { type Call, type CallOptions, makeCall } from '../../support/call.ts';
import { type Gateway, JWT_SECRET, SERVICE_TOKEN, STORES, startGateway } from '../../support/gateway.ts';
import { ALICE_TOKEN, BOB_TOKEN, namesIn, pathTokenFor, putFiles, useTree } from '../../support/storage-tree.ts';

describe.each(STORES)('a path token, on the %s store,', store => {
  let gateway: Gateway;
  let call: Call;
  useTree(store, made => {
    ({ gateway, call } = made);
  });
  beforeEach(async () => {
    await gateway.db.sql('delete from sluice.revoked_tokens');
    await putFiles(call, 'alice/docs', [
      { name: 'a.txt', value: 'a' },
      { name: 'b.txt', value: 'b' },
    ]);
  });

  const statusOf = async (path: string, token: string, method = 'GET') =>
    (await call(method, `/storage/${path}?token=${token}`)).status;
  const signed = (
    claims: Record<string, unknown>,
    { lifetimeSeconds = 60, nowMs = Date.now(), secret = JWT_SECRET } = {},
  ) => signToken(claims, { secret, lifetimeSeconds, clock: { now: () => nowMs } });

  it.each([
    ['T0-12 of 21 random characters', () => 'da-F8tP-u1D2x_6A55RIA'],
    [
      'with another secret',
      () => signed({ path: 'alice/docs/a.txt' }, { secret: 'another secret of sufficient length' }),
    ],
    ['T0-13 that has expired', () => signed({ path: 'alice/docs/a.txt' }, { nowMs: Date.now() - 120_000 })],
    ['that is a login', () => ALICE_TOKEN],
    ['that is a login as well', () => signed({ path: 'alice/docs/a.txt', role: 'service_role' })],
    ['that is a link', () => signed({ url: 'home/alice/docs/a.txt', scope: 'download' })],
  ])('is refused %s', async (_, make) => {
    expect(await statusOf('alice/docs/a.txt', make())).toBe(401);
  });

  it('is no login', async () => {
    const token = await pathTokenFor(call, 'alice/docs/a.txt');
    expect((await call('GET', '/storage/alice/docs/a.txt', { token })).status).toBe(401);
    expect((await call('GET', `/object/sign/home/alice/docs/a.txt?token=${token}`)).status).toBe(400);
  });

  it('T0-08 T0-09 opens its path to GET and HEAD, until it ends', async () => {
    const token = await pathTokenFor(call, 'alice/docs/a.txt');
    expect(token).toMatch(/^[\w.-]+$/);
    const get = await call('GET', `/storage/alice/docs/a.txt?token=${token}`);
    const head = await call('HEAD', `/storage/alice/docs/a.txt?token=${token}`);
    expect([get.status, get.text, head.status, head.bytes.length]).toEqual([200, 'a', 200, 0]);
    const remainsMs = Date.parse(String(get.headers.expires)) - Date.now();
    expect(remainsMs).toBeGreaterThan(23 * 3_600_000);
    expect(remainsMs).toBeLessThanOrEqual(24 * 3_600_000);
    expect(await statusOf('alice//docs%2Fa%2Etxt', token)).toBe(200);
  });

  it('T0-10 opens nothing else', async () => {
    const token = await pathTokenFor(call, 'alice/docs/a.txt');
    for (const path of ['alice/docs/b.txt', 'alice/docs', 'alice/', 'alice/docs/a.txt/x', 'bob/docs/a.txt']) {
      expect([path, await statusOf(path, token)]).toEqual([path, 401]);
    }
  });

  it.each([
    ['alone', undefined],
    ['beside a bad login', 'rubbish'],
    ['beside a login that may not', BOB_TOKEN],
  ])('T0-11 changes nothing, %s', async (_, login) => {
    const token = await pathTokenFor(call, 'alice/docs/a.txt');
    const statuses: number[] = [];
    const ask = async (method: string, options: CallOptions) => {
      const reply = await call(method, `/storage/alice/docs/a.txt?token=${token}`, { token: login, ...options });
      statuses.push(reply.status);
    };
    await ask('DELETE', {});
    await ask('POST', { json: { action: 'MakePathToken' } });
    await ask('POST', { json: { action: 'Move', new_path: '/alice/x' } });
    await ask('PUT', { form: [{ name: 'f', value: 'x', type: 'text/plain' }] });
    expect(statuses).toEqual([401, 401, 401, 401]);
    expect(await namesIn(call, 'alice/docs')).toEqual(['a.txt', 'b.txt']);
  });

  it('T0-14 lists a folder, and does not open what is in it', async () => {
    const token = await pathTokenFor(call, 'alice/docs/');
    const { status, json } = await call('GET', `/storage/alice/docs?token=${token}`);
    expect([status, (json as { entries: unknown[] }).entries]).toMatchObject([
      200,
      [{ name: 'a.txt' }, { name: 'b.txt' }],
    ]);
    expect(await statusOf('alice/docs/a.txt', token)).toBe(401);
  });

  it('helps beside a bad login, and does no harm beside a good one', async () => {
    const good = await pathTokenFor(call, 'alice/docs/a.txt');
    expect((await call('GET', `/storage/alice/docs/a.txt?token=${good}`, { token: 'rubbish' })).status).toBe(200);
    expect((await call('GET', `/storage/alice/docs/a.txt?token=${good}`, { token: BOB_TOKEN })).status).toBe(200);
    expect((await call('GET', '/storage/alice/docs/a.txt?token=rubbish', { token: ALICE_TOKEN })).status).toBe(200);
    expect((await call('GET', '/storage/alice/docs/a.txt?token=', { token: ALICE_TOKEN })).status).toBe(200);
    expect((await call('GET', '/storage/alice/docs/a.txt?token=')).status).toBe(401);
  });

  it('is made by the owner of the tree alone, also for what is not there yet', async () => {
    const json = { action: 'MakePathToken' };
    expect((await call('POST', '/storage/alice/docs/a.txt', { token: BOB_TOKEN, json })).status).toBe(401);
    const token = await pathTokenFor(call, 'alice/docs/later.txt');
    expect(await statusOf('alice/docs/later.txt', token)).toBe(404);
    await putFiles(call, 'alice/docs', [{ name: 'later.txt', value: 'later' }]);
    expect(await statusOf('alice/docs/later.txt', token)).toBe(200);
  });

  it('T0-15 outlives a restart', async () => {
    const token = await pathTokenFor(call, 'alice/docs/a.txt');
    const another = await startGateway({ store, beside: gateway });
    const { status, text } = await makeCall(another.url)('GET', `/storage/alice/docs/a.txt?token=${token}`);
    await another.stop();
    expect([status, text]).toEqual([200, 'a']);
  });

  it('T0-28 stays with the path when the file moves', async () => {
    const token = await pathTokenFor(call, 'alice/docs/a.txt');
    const json = { action: 'Move', new_path: '/alice/docs/c.txt' };
    await call('POST', '/storage/alice/docs/a.txt', { token: ALICE_TOKEN, json });
    expect(await statusOf('alice/docs/a.txt', token)).toBe(404);
    expect(await statusOf('alice/docs/c.txt', token)).toBe(401);
  });

  it('is refused from the moment that the links to its object are revoked', async () => {
    const token = await pathTokenFor(call, 'alice/docs/a.txt');
    expect((await call('DELETE', '/object/sign/home/alice/docs/a.txt', { token: SERVICE_TOKEN })).status).toBe(200);
    expect(await statusOf('alice/docs/a.txt', token)).toBe(401);
    const beside = async (login: string) =>
      (await call('GET', `/storage/alice/docs/a.txt?token=${token}`, { token: login })).status;
    expect([await beside(ALICE_TOKEN), await beside(BOB_TOKEN)]).toEqual([200, 401]);
  });

  it.each(['alice/', 'alice/nothing/here'])('is refused once it is revoked, also where nothing is: %s', async path => {
    await gateway.db.sql('delete from storage.objects');
    const token = await pathTokenFor(call, path);
    expect(await statusOf(path, token)).toBe(path === 'alice/' ? 200 : 404);
    expect((await call('DELETE', '/object/sign/home', { token: SERVICE_TOKEN })).status).toBe(200);
    expect(await statusOf(path, token)).toBe(401);
    await putFiles(call, 'alice/nothing/', [{ name: 'here', value: 'now' }]);
    expect(await statusOf(path, token)).toBe(401);
  });
});
