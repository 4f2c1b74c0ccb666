/**
 * An upload is judged twice: before its bytes on what is declared, and after them on facts, by the policies of that
 * moment. What is refused the second time leaves nothing behind.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { BlobStore } from '../../src/blobs/blob-store.ts';
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import { dropPolicies, putAsService, snapshot } from './seeded-world.ts';

const TOKEN = tokenFor('authenticated', ALICE);

let gateway: Gateway;
/** How often bytes have begun to move to the store, and who waits for the next time. */
let transfers = 0;
let onTransfer: () => void = () => {};

function watched(store: BlobStore): BlobStore {
  return {
    ...store,
    put(blob) {
      transfers += 1;
      onTransfer();
      return store.put(blob);
    },
  };
}

function nextTransfer(): Promise<void> {
  return new Promise(resolve => {
    onTransfer = resolve;
  });
}

beforeAll(async () => {
  gateway = await startGateway({ wrapStore: watched });
});
afterAll(() => gateway.stop());

beforeEach(async () => {
  const { db } = gateway;
  await dropPolicies(db);
  await db.sql('delete from storage.objects');
  await db.sql('delete from storage.buckets');
  await db.sql(`insert into storage.buckets (id, name) values ('b', 'b')`);
  await db.sql(`create policy reads on storage.objects for select using (true)`);
  await db.sql(`create policy adds on storage.objects for insert with check (owner_id = auth.uid()::text)`);
  await db.sql(`create policy changes on storage.objects for update using (owner_id = auth.uid()::text)`);
});

interface Upload {
  readonly request: ClientRequest;
  readonly reply: Promise<{ readonly statusCode: string; readonly code: string }>;
}

/** An upload whose bytes the test sends by hand. Without a length it is chunked. */
function startUpload(headers: Record<string, string | number>): Upload {
  const sent = request(`${gateway.url}/object/b/big.txt`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'text/plain', ...headers },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  const reply = answer.then(async message => {
    const body = await text(message);
    return message.statusCode === 200 ? { statusCode: '200', code: 'done' } : JSON.parse(body);
  });
  return { request: sent, reply };
}

/** Sends half the bytes, runs the SQL once they reach the store, and sends the rest. */
async function uploadDuring(change: string, headers: Record<string, string> = {}) {
  const moving = nextTransfer();
  const upload = startUpload({ 'content-length': 10, ...headers });
  upload.request.write('01234');
  await moving;
  await gateway.db.sql(change);
  upload.request.end('56789');
  return upload.reply;
}

async function everything() {
  const { buckets: _, ...rest } = await snapshot(gateway);
  return rest;
}

describe('while the bytes of an upload move', () => {
  it.each([
    ['the policy is dropped', 'drop policy adds on storage.objects', '403', 'AccessDenied'],
    ['the policy is narrowed', 'alter policy adds on storage.objects with check (false)', '403', 'AccessDenied'],
    [
      'a restrictive policy is added',
      'create policy closed on storage.objects as restrictive for insert with check (false)',
      '403',
      'AccessDenied',
    ],
    ['the size limit sinks', `update storage.buckets set file_size_limit = 9 where id = 'b'`, '413', 'EntityTooLarge'],
    [
      'the type is forbidden',
      `update storage.buckets set allowed_mime_types = '{image/*}' where id = 'b'`,
      '415',
      'InvalidMimeType',
    ],
    ['the bucket is deleted', `delete from storage.buckets where id = 'b'`, '404', 'NoSuchBucket'],
  ])('%s, and the upload is refused, with nothing left', async (_, change, statusCode, code) => {
    const before = await everything();
    expect(await uploadDuring(change)).toMatchObject({ statusCode, code });
    expect(await everything()).toEqual(before);
  });

  it('the right to replace is withdrawn, and what was there stays', async () => {
    await putAsService(gateway, { bucket: 'b', name: 'big.txt' }, { text: 'what was there', owner: ALICE });
    const before = await everything();
    expect(await uploadDuring('drop policy changes on storage.objects', { 'x-upsert': 'true' })).toMatchObject({
      code: 'AccessDenied',
    });
    expect(await everything()).toEqual(before);
    const reply = await fetch(`${gateway.url}/object/b/big.txt`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(await reply.text()).toBe('what was there');
  });

  it('the policies change and still allow it, and the upload succeeds', async () => {
    expect(await uploadDuring(`alter policy adds on storage.objects with check (bucket_id = 'b')`)).toMatchObject({
      statusCode: '200',
    });
    expect(await everything()).toMatchObject({ objects: [{ name: 'big.txt', owner_id: ALICE }] });
  });
});

describe('a policy on the size', () => {
  const atMost = (size: string) =>
    gateway.db.sql(`alter policy adds on storage.objects with check (${size} <= 10)`).then(() => everything());

  it('refuses a declared length before any byte moves', async () => {
    const before = await atMost(`(metadata ->> 'size')::bigint`);
    const began = transfers;
    const upload = startUpload({ 'content-length': 11 });
    upload.request.end('01234567890');
    expect(await upload.reply).toMatchObject({ statusCode: '403', code: 'AccessDenied' });
    expect(transfers).toBe(began);
    expect(await everything()).toEqual(before);
  });

  it('refuses an undeclared length outright where it does not say what to do without one', async () => {
    const before = await atMost(`(metadata ->> 'size')::bigint`);
    const began = transfers;
    const upload = startUpload({ 'transfer-encoding': 'chunked' });
    upload.request.end('0123');
    expect(await upload.reply).toMatchObject({ statusCode: '403', code: 'AccessDenied' });
    expect(transfers).toBe(began);
    expect(await everything()).toEqual(before);
  });

  it('refuses the true length of a chunked body afterwards, with nothing left', async () => {
    const before = await atMost(`coalesce((metadata ->> 'size')::bigint, 0)`);
    const began = transfers;
    const upload = startUpload({ 'transfer-encoding': 'chunked' });
    upload.request.end('01234567890');
    expect(await upload.reply).toMatchObject({ statusCode: '403', code: 'AccessDenied' });
    expect(transfers).toBe(began + 1);
    expect(await everything()).toEqual(before);
  });

  it('allows a chunked body that turns out to be small enough', async () => {
    await atMost(`coalesce((metadata ->> 'size')::bigint, 0)`);
    const upload = startUpload({ 'transfer-encoding': 'chunked' });
    upload.request.end('0123456789');
    expect(await upload.reply).toMatchObject({ statusCode: '200' });
    expect(await everything()).toMatchObject({ objects: [{ metadata: { size: 10 } }] });
  });
});

it('judges the type that a form names only after its file', async () => {
  await gateway.db.sql(
    `alter policy adds on storage.objects with check (metadata ->> 'mimetype' in ('image/png', 'image/gif'))`,
  );
  const before = await everything();
  const send = async (contentType: string) => {
    const form = new FormData();
    form.append('', new Blob(['bytes'], { type: 'image/png' }), 'a.png');
    form.append('contentType', contentType);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const reply = await fetch(`${gateway.url}/object/b/a.png`, { method: 'POST', headers, body: form });
    return (await reply.json()) as { code?: string };
  };
  expect(await send('text/html')).toMatchObject({ code: 'AccessDenied' });
  expect(await everything()).toEqual(before);
  expect(await send('image/gif')).toMatchObject({ Key: 'b/a.png' });
});

it('redeems an upload link after its giver lost the right, until the link is revoked', async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const link = async (name: string) => {
    const reply = await fetch(`${gateway.url}/object/upload/sign/b/${name}`, { method: 'POST', headers, body: '{}' });
    return ((await reply.json()) as { url: string }).url;
  };
  const redeem = async (url: string) => {
    const reply = await fetch(`${gateway.url}${url}`, { method: 'PUT', body: 'from outside' });
    return (await reply.json()) as { Key?: string; code?: string };
  };
  const [first, second] = [await link('one.txt'), await link('two.txt')];
  await dropPolicies(gateway.db);
  expect(await redeem(first)).toEqual({ Key: 'b/one.txt' });
  const before = await everything();
  await fetch(`${gateway.url}/object/sign/b`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${SERVICE_TOKEN}` },
  });
  expect(await redeem(second)).toMatchObject({ code: 'InvalidSignature' });
  expect(await everything()).toEqual({ ...before, revocations: [expect.objectContaining({ bucket_id: 'b' })] });
});
