/** Small uploads of callers who were let in before: one round trip, and the same verdicts. */

import { makePromptUploads, type PromptUploads } from '../../src/operations/prompt-uploads.ts';
import { expireLeases } from '../faults/agreement.ts';
import { makeBusy, PROMPT } from '../support/busy-uploader.ts';
import { type CountedGateway, startCountedGateway } from '../support/counted-gateway.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE, BOB, scopeOf, user } from '../support/scopes.ts';
import { until } from '../support/until.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE);
const BOB_TOKEN = tokenFor('authenticated', BOB);
const KIB_64 = 64 * 1024;

type Put = { token?: string; body?: string | FormData | ReadableStream; headers?: Record<string, string> };

function upload({ url }: Gateway, path: string, { token = ALICE_TOKEN, body = 'hello', headers = {} }: Put = {}) {
  const type = body instanceof FormData ? {} : { 'content-type': 'text/plain' };
  const init = { method: 'POST', headers: { authorization: `Bearer ${token}`, ...type, ...headers }, body };
  return fetch(`${url}/object/${path}`, { ...init, duplex: 'half' } as RequestInit);
}

function form(text: string): FormData {
  const data = new FormData();
  data.append('', new Blob([text], { type: 'text/plain' }));
  return data;
}

async function furnish({ url, db }: Gateway): Promise<void> {
  const buckets = [
    { name: 'b' },
    { name: 'other' },
    { name: 'small', file_size_limit: 10, allowed_mime_types: ['text/*'] },
  ];
  for (const bucket of buckets) {
    const headers = { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': 'application/json' };
    await fetch(`${url}/bucket`, { method: 'POST', headers, body: JSON.stringify(bucket) });
  }
  await db.sql(`create policy most on storage.objects to authenticated
    using (name not like 'no%') with check (name not like 'no%')`);
}

describe('a small upload of a caller who was let in before', () => {
  let counted: CountedGateway;
  let gateway: Gateway;

  beforeAll(async () => {
    counted = await startCountedGateway(PROMPT);
    gateway = counted.gateway;
    await furnish(gateway);
  });
  beforeEach(async () => {
    await makeBusy(gateway, { token: ALICE_TOKEN, bucket: 'b' });
  });
  afterAll(() => counted.stop());

  /** In one go: `count` would do it once before. */
  async function roundTripsOf(put: () => Promise<Response>): Promise<number> {
    let asked = false;
    const { postgres } = await counted.count(async turn => {
      if (turn === 0) return new Response();
      asked = true;
      return put();
    });
    expect(asked).toBe(true);
    return postgres;
  }

  it.each([
    ['raw', () => upload(gateway, 'b/raw')],
    ['empty', () => upload(gateway, 'b/empty', { body: '' })],
    ['of 64 KiB', () => upload(gateway, 'b/longest', { body: 'x'.repeat(KIB_64) })],
    ['as a form', () => upload(gateway, 'b/form', { body: form('hello') })],
    ['over another', () => upload(gateway, 'b/raw', { headers: { 'x-upsert': 'true' } })],
  ])('takes one round trip and one PUT, %s', async (_, put) => {
    expect(await counted.count(turn => (turn === 0 ? Promise.resolve(new Response()) : put()))).toEqual(
      counted.expected(1, ['PUT']),
    );
  });

  it.each([
    ['a byte longer', () => upload(gateway, 'b/long', { body: 'x'.repeat(KIB_64 + 1) })],
    ['of unknown length', () => upload(gateway, 'b/chunks', { body: new Blob(['hello']).stream() })],
    ['of somebody else', () => upload(gateway, 'b/bob', { token: BOB_TOKEN })],
    ['into another bucket', () => upload(gateway, 'other/a')],
  ])('asks first %s', async (_, put) => {
    expect(await roundTripsOf(put)).toBe(2);
  });

  it('asks first after a refusal, until the next one is accepted', async () => {
    const trips = async (path: string) => {
      const seen = await counted.count(
        turn => (turn === 0 ? Promise.resolve(new Response()) : upload(gateway, path)),
        [200, 400],
      );
      return seen.postgres;
    };
    // The refused commit, and the ledger's entry given up.
    expect(await trips('b/no')).toBe(2);
    expect(await trips('b/after-1')).toBe(2);
    expect(await trips('b/after-2')).toBe(1);
  });
});

describe.each(STORES)('a small upload that nobody asked for first, on the %s store,', store => {
  let gateway: Gateway;
  let asking: Gateway;

  beforeAll(async () => {
    gateway = await startGateway({ store, env: PROMPT });
    asking = await startGateway({ store, beside: gateway });
    await furnish(gateway);
  });
  afterAll(async () => {
    await asking.stop();
    await gateway.stop();
  });

  const states = () =>
    gateway.db.sql<{ state: string; count: number }>(
      'select state, count(*)::int from sluice.blobs group by 1 order by 1',
    );

  it.each([
    ['that no policy allows', 'b/no', {}],
    ['onto a taken name', 'b/taken', {}],
    ['over what a policy hides', 'b/no-hidden', { headers: { 'x-upsert': 'true' } }],
    ['larger than the bucket allows', 'small/a', { body: 'larger than ten bytes' }],
    ['of a type that the bucket refuses', 'small/a', { headers: { 'content-type': 'image/png' } }],
  ])('is refused as one that was, and leaves nothing: one %s', async (_, path, sent) => {
    for (const name of ['b/taken', 'b/no-hidden']) await upload(gateway, name, { token: SERVICE_TOKEN });
    const bucket = path.split('/')[0] ?? '';
    await makeBusy(gateway, { token: ALICE_TOKEN, bucket });
    const before = await gateway.db.sql('select * from storage.objects order by id');
    const [prompt, asked] = [await upload(gateway, path, sent), await upload(asking, path, sent)];
    expect(prompt.ok).toBe(false);
    expect({ status: prompt.status, body: await prompt.text() }).toEqual({
      status: asked.status,
      body: await asked.text(),
    });
    expect(await gateway.db.sql('select * from storage.objects order by id')).toEqual(before);
    await expireLeases(gateway.db);
    expect(await gateway.app.sweeper.run()).toMatchObject({ failed: 0, error: null });
    expect(await states()).toEqual([{ state: 'live', count: before.length }]);
  });

  it('is refused where its rights were withdrawn a moment before', async () => {
    await makeBusy(gateway, { token: ALICE_TOKEN, bucket: 'b' });
    await gateway.db.sql('drop policy most on storage.objects');
    const reply = await upload(gateway, 'b/withdrawn');
    await gateway.db.sql('create policy most on storage.objects to authenticated using (true) with check (true)');
    expect(await reply.json()).toMatchObject({ statusCode: '403' });
  });

  it('is refused once where the ledger has lost what it expected, and asked for from then on', async () => {
    await makeBusy(gateway, { token: ALICE_TOKEN, bucket: 'b' });
    await expireLeases(gateway.db);
    await gateway.app.sweeper.run();
    const statuses: number[] = [];
    for (const name of ['lost-1', 'lost-2', 'lost-3']) statuses.push((await upload(gateway, `b/${name}`)).status);
    expect(statuses).toEqual([400, 200, 200]);
  });

  it('shares no version with those of another process', async () => {
    const other = await startGateway({ store, env: PROMPT, beside: gateway });
    try {
      for (const process of [gateway, other])
        await makeBusy({ url: process.url, db: gateway.db }, { token: ALICE_TOKEN, bucket: 'b' });
      const names = Array.from({ length: 40 }, (_, n) => n);
      const replies = await Promise.all(names.map(n => upload(n % 2 === 0 ? gateway : other, `b/shared-${n}`)));
      expect(replies.filter(reply => !reply.ok)).toEqual([]);
      const rows = await gateway.db.sql<{ versions: number }>(
        `select count(distinct version)::int as versions from storage.objects where name like 'shared-%'`,
      );
      expect(rows).toEqual([{ versions: names.length }]);
    } finally {
      await other.stop();
    }
  });
});

describe('versions that are expected', () => {
  const LEASE_MS = 60_000;
  const scope = scopeOf(user(ALICE));
  const small = { bucket: 'b', longestBytes: 1 };
  let gateway: Gateway;
  let nowMs: number;
  let prompt: PromptUploads;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  beforeEach(() => {
    nowMs = Date.now();
    prompt = makePromptUploads({
      database: gateway.app.core.database,
      leaseMs: LEASE_MS,
      versionsAtOnce: 4,
      now: () => new Date(nowMs),
    });
    prompt.accepted(scope, 'b');
  });
  afterAll(() => gateway.stop());

  const takeOne = () => until('a version', async () => prompt.takeVersion(scope, small));

  it('are none for a caller of whom nothing is known, whatever is at hand', async () => {
    await takeOne();
    expect(prompt.takeVersion(scopeOf(user(BOB)), small)).toBeNull();
    expect(prompt.takeVersion(scope, { bucket: 'other', longestBytes: 1 })).toBeNull();
    expect(prompt.takeVersion(scope, { bucket: 'b', longestBytes: Infinity })).toBeNull();
  });

  it('are not made for eight uploads a second', async () => {
    const count = () => gateway.db.sql(`select from sluice.blobs where state = 'pending'`);
    const before = (await count()).length;
    for (let n = 0; n < 50; n += 1) {
      expect(prompt.takeVersion(scope, small)).toBeNull();
      nowMs += 125;
    }
    expect(await count()).toHaveLength(before);
  });

  it('are in the ledger, each given once', async () => {
    const taken = [await takeOne(), await takeOne(), await takeOne(), await takeOne(), await takeOne()];
    expect(new Set(taken).size).toBe(taken.length);
    const rows = await gateway.db.sql(
      `select from sluice.blobs where version = any ($1) and state = 'pending' and store_key = left(version, 2) || '/' || version`,
      [taken],
    );
    expect(rows).toHaveLength(taken.length);
  });

  it('are given while more than half of their lease is left', async () => {
    await takeOne();
    nowMs += LEASE_MS / 2 - 1;
    expect(prompt.takeVersion(scope, small)).not.toBeNull();
    nowMs += 1;
    expect(prompt.takeVersion(scope, small)).toBeNull();
  });
});
