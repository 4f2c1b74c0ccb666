/**
 * Requests that meet: on one name, on one set of bytes, on one bucket. Each race is run many times in orders that chance
 * decides; FAULT_ROUNDS says how many. Two gateways share the database, as two processes would.
 */
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import { expectAgreement, readEverything, sweep } from './agreement.ts';
import { furnish } from './bench.ts';
import { digest, type Got, isAcknowledged, send } from './door.ts';

const token = SERVICE_TOKEN;
const TREE_TOKEN = tokenFor('authenticated', ALICE, { username: 'alice' });
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 25);
const TIMEOUT_MS = 30_000 + ROUNDS * 1_000;
const NOTHING: Got = { status: 0, bytes: Buffer.alloc(0) };
const upsert = { 'x-upsert': 'true' };

describe('requests that meet', () => {
  let gateways: readonly Gateway[] = [];
  let first: Gateway;

  beforeAll(async () => {
    // Bytes outlive their row for a while, as they do in service: a reader may be between row and bytes.
    const env = { SWEEP_GRACE: '1h' };
    first = await startGateway({ env });
    gateways = [first, await startGateway({ beside: first, env: { ...env, DATABASE_POOL_SIZE: '8' } })];
    await send(first.url, 'POST', '/bucket', { token, json: { name: 'b' } });
    await furnish(first);
  });
  afterAll(async () => {
    for (const gateway of gateways.toReversed()) await gateway.stop();
  });

  /** Through the gateways in turn. */
  let turn = 0;
  const ask = (method: string, path: string, sent: Partial<Parameters<typeof send>[3]> = {}): Promise<Got> => {
    turn += 1;
    return send(gateways[turn % gateways.length]?.url ?? '', method, path, { token, ...sent });
  };
  const put = (name: string, words: string, headers: Record<string, string> = upsert) =>
    ask('POST', `/object/b/${name}`, { body: new Uint8Array(Buffer.from(words)), headers });
  const remove = (name: string) => ask('DELETE', `/object/b/${name}`);
  const putInTree = (name: string, words: string) =>
    ask('POST', `/object/home/${name}`, { body: new Uint8Array(Buffer.from(words)), headers: upsert });
  const copy = (sourceKey: string, destinationKey: string, headers: Record<string, string> = {}) =>
    ask('POST', '/object/copy', { json: { bucketId: 'b', sourceKey, destinationKey }, headers });
  const read = (name: string) => ask('GET', `/object/authenticated/b/${name}`);

  /** All at once, begun in an order and with pauses that chance decides. */
  async function race(acts: readonly (() => Promise<Got>)[]): Promise<Got[]> {
    return Promise.all(
      acts.map(async act => {
        for (let turns = Math.floor(Math.random() * 6); turns > 0; turns -= 1) {
          await new Promise(resolve => setImmediate(resolve));
        }
        return act();
      }),
    );
  }

  /** As if grace and leases had passed; then nothing may be missing and nothing left over. */
  async function settle(): Promise<Readonly<Record<string, string>>> {
    await first.db.sql(`update sluice.blobs set dead_at = now() - interval '2 h' where state = 'dead'`);
    await sweep(first);
    await expectAgreement(first);
    return readEverything(first);
  }

  async function startOver(): Promise<void> {
    await first.db.sql('delete from storage.objects');
  }

  const rounds = (name: string, round: (n: number) => Promise<void>) =>
    it(
      `${name}, in ${ROUNDS} rounds`,
      async () => {
        for (let n = 0; n < ROUNDS; n += 1) {
          await startOver();
          await round(n);
        }
      },
      TIMEOUT_MS,
    );

  rounds('lets exactly one of several simultaneous uploads of a new name succeed', async n => {
    const words = Array.from({ length: 6 }, (_, of) => `round ${n}, upload ${of}`);
    const got = await race(words.map(word => () => put('new', word, {})));
    const winners = words.filter((_, of) => isAcknowledged(got[of] ?? NOTHING));
    expect(got.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
    expect(await settle()).toEqual({ 'b/new': digest(Buffer.from(winners[0] ?? '')) });
  });

  rounds('keeps the bytes of a copy that meets the removal of its source', async n => {
    await put('source', `bytes ${n}`);
    const [copied, removed] = await race([() => copy('source', 'copy'), () => remove('source')]);
    expect(removed?.status).toBe(200);
    expect([200, 400]).toContain(copied?.status);
    expect(await settle()).toEqual(copied?.status === 200 ? { 'b/copy': digest(Buffer.from(`bytes ${n}`)) } : {});
  });

  rounds('keeps the bytes of a copy while the other copy is removed', async n => {
    await put('source', `bytes ${n}`);
    await copy('source', 'other');
    const got = await race([() => copy('source', 'copy'), () => remove('other')]);
    expect(got.map(({ status }) => status)).toEqual([200, 200]);
    const whole = digest(Buffer.from(`bytes ${n}`));
    expect(await settle()).toEqual({ 'b/source': whole, 'b/copy': whole });
  });

  rounds('sweeps bytes whose two rows are removed at once', async n => {
    await put('one', `bytes ${n}`);
    await copy('one', 'two');
    const got = await race([() => remove('one'), () => remove('two')]);
    expect(got.map(({ status }) => status)).toEqual([200, 200]);
    expect(await settle()).toEqual({});
  });

  rounds('copies one whole version of an object that is being overwritten', async n => {
    await put('source', `old ${n}`);
    const got = await race([
      () => copy('source', 'copy'),
      () => put('source', `new ${n}`),
      () => copy('source', 'second'),
    ]);
    expect(got.map(({ status }) => status)).toEqual([200, 200, 200]);
    const [old, new_] = [`old ${n}`, `new ${n}`].map(words => digest(Buffer.from(words)));
    const left = await settle();
    expect(left['b/source']).toBe(new_);
    expect([old, new_]).toContain(left['b/copy']);
    expect([old, new_]).toContain(left['b/second']);
  });

  rounds('survives copies over one another', async n => {
    await put('one', `one ${n}`);
    await put('two', `two ${n}`);
    const got = await race([() => copy('one', 'two', upsert), () => copy('two', 'one', upsert)]);
    expect(got.map(({ status }) => status)).toEqual([200, 200]);
    expect(Object.keys(await settle())).toEqual(['b/one', 'b/two']);
  });

  rounds('lets an upload and the removal of its bucket exclude one another', async n => {
    await ask('POST', '/bucket', { json: { name: 'brief' } });
    const [uploaded, removed] = await race([
      () => ask('POST', '/object/brief/new', { body: new Uint8Array(Buffer.from(`bytes ${n}`)) }),
      () => ask('DELETE', '/bucket/brief'),
    ]);
    expect([uploaded?.status, removed?.status].sort()).toEqual([200, 400]);
    expect(Object.keys(await settle())).toEqual(uploaded?.status === 200 ? ['brief/new'] : []);
    await startOver();
    await ask('DELETE', '/bucket/brief');
  });

  rounds('moves one object to one place', async n => {
    await put('source', `bytes ${n}`);
    const move = (destinationKey: string) => () =>
      ask('POST', '/object/move', { json: { bucketId: 'b', sourceKey: 'source', destinationKey } });
    const got = await race([move('here'), move('there'), () => copy('source', 'copy')]);
    expect(
      got
        .slice(0, 2)
        .map(({ status }) => status)
        .sort(),
    ).toEqual([200, 400]);
    const left = Object.entries(await settle());
    expect(left.length).toBe(got[2]?.status === 200 ? 2 : 1);
    for (const [, bytes] of left) expect(bytes).toBe(digest(Buffer.from(`bytes ${n}`)));
  });

  rounds('moves one folder of the tree to one place, or removes it', async n => {
    const path = '/storage/alice/source';
    const inside = ['/a', '/deep/b'];
    const parts = n % 4 < 2 ? inside : ['', ...inside];
    for (const part of parts) await putInTree(`alice/source${part}`, `bytes ${n}`);
    const move = (to: string) => () =>
      ask('POST', path, { token: TREE_TOKEN, json: { action: 'Move', new_path: `/alice/${to}` } });
    const removal = () => ask('DELETE', path, { token: TREE_TOKEN });
    const acts = n % 2 === 0 ? [move('here'), move('there')] : [move('here'), removal];
    const got = await race(acts);
    expect(got.map(each => isAcknowledged(each) || each.status).sort()).toEqual([404, true]);
    const left = Object.keys(await settle());
    const target = isAcknowledged(got[0] ?? NOTHING) ? 'here' : n % 2 === 0 ? 'there' : null;
    expect(left).toEqual(target === null ? [] : parts.map(part => `home/alice/${target}${part}`));
  });

  it(
    'gives readers one whole version while an object is overwritten, and keeps the last that was acknowledged',
    async () => {
      await startOver();
      const sizes = [0, 1, 1000, 70_000, 300_000];
      const bodies = Array.from({ length: 4 * ROUNDS }, (_, n) => `${n} `.repeat((sizes[n % sizes.length] ?? 0) + 1));
      const known = new Set(bodies.map(body => digest(Buffer.from(body))));
      await put('hot', bodies[0] ?? '');
      let writing = true;
      const torn: string[] = [];
      const reader = async () => {
        while (writing) {
          const got = await read('hot');
          if (got.status !== 200 || !known.has(digest(got.bytes)))
            torn.push(`${got.status}: ${got.bytes.length} bytes`);
        }
      };
      const readers = [reader(), reader(), reader()];
      const writer = async (of: number) => {
        for (const body of bodies.filter((_, n) => n % 2 === of)) expect((await put('hot', body)).status).toBe(200);
      };
      await Promise.all([writer(0), writer(1)]);
      writing = false;
      await Promise.all(readers);
      expect(torn).toEqual([]);
      const last = bodies.slice(-2).map(body => digest(Buffer.from(body)));
      expect(last).toContain((await settle())['b/hot']);
    },
    TIMEOUT_MS,
  );
});
