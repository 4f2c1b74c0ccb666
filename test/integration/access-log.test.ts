/** What an operator reads: one line for each request, which says what was refused, why and to whom, and holds no secret. */
import { Writable } from 'node:stream';
import { makeLogger } from '../../src/observe/logger.ts';
import { makeCall } from '../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../support/gateway.ts';
import { RawClient } from '../support/loopback.ts';
import { ALICE } from '../support/scopes.ts';

/** As an issuer makes it whose clock is wrong. */
const EARLY = tokenFor('authenticated', ALICE, { nbf: 4_000_000_000 });

let gateway: Gateway;
const lines: Record<string, unknown>[] = [];
let arrived = (): void => {};
const stream = new Writable({
  write(line: Buffer, _encoding, done) {
    lines.push(JSON.parse(line.toString()) as Record<string, unknown>);
    arrived();
    done();
  },
});

beforeAll(async () => {
  gateway = await startGateway({ log: makeLogger({ level: 'info', stream }) });
  await makeCall(gateway.url)('POST', '/bucket', { token: SERVICE_TOKEN, json: { name: 'notes' } });
});
afterAll(() => gateway?.stop());

/** The lines of what is done meanwhile, once there is one; a reply may arrive before its line. */
async function linesOf(act: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  lines.length = 0;
  const first = new Promise<void>(resolve => {
    arrived = resolve;
  });
  await act();
  await first;
  return [...lines];
}

const asked = (path: string, token: string) => linesOf(() => makeCall(gateway.url)('GET', path, { token }));

it.each([
  ['not valid yet', EARLY, '"nbf" claim timestamp check failed'],
  ['signed with another secret', `${tokenFor('authenticated').slice(0, -8)}AAAAAAAA`, 'invalid signature'],
  ['no token', 'garbage', 'jwt malformed'],
])('says why a token is refused: %s', async (_what, token, reason) => {
  const [line, ...more] = await asked('/bucket', token);
  expect(line).toMatchObject({ message: 'request', status: 400, error: 'invalid-token', reason });
  expect(more).toEqual([]);
  expect(JSON.stringify(line)).not.toContain(token);
});

it('says why a token was passed over where none is needed, since its bearer is told that there is nothing', async () => {
  const [line] = await asked('/object/notes/a.txt', EARLY);
  expect(line).toMatchObject({ error: 'object-not-found', ignoredLogin: '"nbf" claim timestamp check failed' });
});

it('says who was refused, and by what', async () => {
  const [line] = await linesOf(() =>
    makeCall(gateway.url)('POST', '/object/notes/a.txt', { token: tokenFor('authenticated', ALICE), body: 'a' }),
  );
  expect(line).toMatchObject({
    requestId: expect.any(String),
    role: 'authenticated',
    subject: ALICE,
    error: 'access-denied',
    reason: expect.stringContaining('row-level security'),
    facts: { sqlstate: '42501' },
  });
});

it('takes what nobody here understands for a refusal, not for a failure', async () => {
  const [line] = await linesOf(() => {
    const client = new RawClient(Number(new URL(gateway.url).port));
    client.write('GET /bucket HTTP/1.1', 'Host: a', 'Connection: close', 'Transfer-Encoding: gzip, chunked', '');
    return client.write('', '0', '', '').all();
  });
  expect(line).toMatchObject({ level: 'info', status: 501, error: 'coding-not-understood' });
});

it('says why an engine is not ready', async () => {
  const away = await startGateway({
    beside: gateway,
    log: makeLogger({ level: 'info', stream }),
    wrapStore: store => ({ ...store, check: () => Promise.reject(new Error('403 SignatureDoesNotMatch')) }),
  });
  const [line] = await linesOf(() => makeCall(away.url)('GET', '/ready'));
  await away.stop();
  expect(line).toMatchObject({
    level: 'error',
    status: 503,
    error: { message: 'Not ready: store', cause: { message: '403 SignatureDoesNotMatch' } },
  });
});

it('has a line for bytes that are no request, with the id that the reply has', async () => {
  let reply = '';
  const [line, ...more] = await linesOf(async () => {
    const client = new RawClient(Number(new URL(gateway.url).port));
    reply = await client.write(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`).all();
  });
  expect(line).toMatchObject({ status: 431, error: 'HPE_HEADER_OVERFLOW', remote: '127.0.0.1' });
  expect(reply).toContain(`x-request-id: ${line?.requestId}`);
  expect(more).toEqual([]);
});

it('has one line for a client that goes away, and its address', async () => {
  const [line, ...more] = await linesOf(async () => {
    const client = new RawClient(Number(new URL(gateway.url).port));
    client.write('POST /object/notes/gone.txt HTTP/1.1', 'Host: a', `Authorization: Bearer ${SERVICE_TOKEN}`);
    client.write('', 'Expect: 100-continue', 'Content-Length: 100', '', '');
    await client.until('100 Continue');
    client.write('begun').socket.end();
    await client.closed;
  });
  expect(line).toMatchObject({ message: 'request', path: '/object/notes/gone.txt', status: 499, remote: '127.0.0.1' });
  expect(more).toEqual([]);
});
