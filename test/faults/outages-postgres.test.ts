/** Postgres is away, silent, slow or breaks off, and every kind of request is made meanwhile. The times are short here. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Database } from '../../src/database/database.ts';
import { noRow, type Statement } from '../../src/database/statement.ts';
import { type Gateway, HAS_S3, SERVICE_TOKEN, SILENT_LOG, startGateway } from '../support/gateway.ts';
import { addressOf, through } from '../support/postgres-wire.ts';
import { ANON, scopeOf } from '../support/scopes.ts';
import { secondHalf, slopeOf } from '../support/slope.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { until } from '../support/until.ts';
import { startWeakLink, type WeakLink, type Weakness } from '../support/weak-link.ts';
import { expectAgreement, sweep } from './agreement.ts';
import { send } from './door.ts';
import {
  AWAY,
  answersOf,
  awayOf,
  everyKind,
  furnishFolders,
  GOOD,
  KINDS_SETTINGS,
  REQUEST_KINDS,
  sendAllKinds,
  slowestMs,
} from './request-kinds.ts';

const POOL_SIZE = 3;
const STATEMENT_MS = 1_000;
/** For a connection, for the statement, for the word that it took too long. */
const LONGEST_MS = 3 * STATEMENT_MS;
/** `/ready` gives each of its two questions three seconds; the machine that runs the tests is busy. */
const LONGEST_TO_SEE_MS = 3_000 + LONGEST_MS;
const LEASE_MS = 1_500;
const WAVES = process.env.FAULT_SECONDS === undefined ? 8 : 60;

/** Of 100 requests; one that stayed behind would hold its head, its batch and its timer, some 20 KiB. */
const MAX_GROWTH_OF_A_WAVE_BYTES = 512 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const NOT_READY = '503 {"ready":false,"database":false,"store":true}, again in 1 s';
const away = everyKind(AWAY, { '/ready': NOT_READY });

const OUTAGES: readonly (readonly [title: string, weakness: Weakness, answers: Record<string, string>])[] = [
  ['refuses connections', { state: 'refused' }, away],
  ['resets connections', { state: 'reset' }, away],
  ['accepts connections and says nothing', { state: 'silent' }, away],
  ['answers too late', { latencyMs: 2 * LONGEST_TO_SEE_MS }, away],
  ['breaks off in mid-answer', { cut: { towards: 'client', afterBytes: 30 } }, away],
  ['breaks off in mid-question', { cut: { towards: 'server', afterBytes: 30 } }, away],
  ['answers late', { latencyMs: 20 }, everyKind(GOOD)],
  ['answers byte by byte', { bytesPerSecond: 100_000 }, everyKind(GOOD)],
];

const token = SERVICE_TOKEN;

/** Takes as long as Postgres lets it. */
const SLEEP: Statement<null, undefined> = {
  name: 'sleep',
  text: 'select pg_sleep(60)',
  runs: 'gateway',
  values: () => [],
  row: noRow,
};

let db: TestDatabase;
let link: WeakLink;
let gateway: Gateway;
let session: string;
let renewals: ('renewed' | 'failed')[] = [];

/** Takes down what becomes of each renewal of a lease. */
function watchRenewals(database: Database): Database {
  return {
    ...database,
    async run(scope, statement, parameters) {
      const work = database.run(scope, statement, parameters);
      if (statement.name === 'renew_upload') {
        work.then(
          () => renewals.push('renewed'),
          () => renewals.push('failed'),
        );
      }
      return work;
    },
  };
}

beforeAll(async () => {
  db = await cloneTestDatabase();
  link = await startWeakLink(addressOf(db.target));
  gateway = await startGateway({
    store: HAS_S3 ? 's3' : 'file',
    database: db,
    wrapTarget: target => through(target, link.port),
    wrapDatabase: watchRenewals,
    log: SILENT_LOG,
    env: {
      DATABASE_POOL_SIZE: String(POOL_SIZE),
      DATABASE_TIMEOUT: `${STATEMENT_MS}ms`,
      UPLOAD_LEASE: `${LEASE_MS}ms`,
      ...KINDS_SETTINGS,
    },
  });
  const rounds = [...OUTAGES.keys(), 'lost', 'exhausted'].map(round => `during-${round}`);
  session = await furnishFolders(gateway, [...rounds, ...rounds.map(round => round.replace('during', 'after'))]);
});
afterEach(() => link.weaken({}));
afterAll(async () => {
  await gateway.stop();
  await link.stop();
  await db.drop();
});

async function expectRecovery(folder: string): Promise<void> {
  await until('a gateway that is ready', async () => (await fetch(`${gateway.url}/ready`)).ok, LONGEST_TO_SEE_MS);
  expect(answersOf(await sendAllKinds(gateway.url, folder, session))).toEqual(everyKind(GOOD));
  await sweep(gateway);
  await expectAgreement(gateway);
  expect(gateway.app.core.database.gauges()).toMatchObject({ waiting: 0 });
  expect(link.openCount).toBeLessThanOrEqual(POOL_SIZE);
}

describe('while Postgres', () => {
  it.each(OUTAGES.map((outage, round) => [...outage, round] as const))(
    '%s, every request is answered in time, and after it everything works again',
    async (_, weakness, answers, round) => {
      await link.weaken(weakness);
      const swept = gateway.app.sweeper.run();
      const outcomes = await sendAllKinds(gateway.url, `during-${round}`, session);
      expect(answersOf(outcomes)).toEqual(answers);
      expect(slowestMs(outcomes)).toBeLessThan(LONGEST_TO_SEE_MS);
      expect((await swept).error === null).toBe(answers !== away);
      await link.weaken({});
      await expectRecovery(`after-${round}`);
    },
  );
});

describe('connections that were lost while idle', () => {
  it('cost one request its answer, and the next ones nothing', async () => {
    await sendAllKinds(gateway.url, 'during-lost', session);
    await until('as many idle connections as the pool holds', async () => {
      return gateway.app.core.database.gauges().idle === POOL_SIZE;
    });
    await link.weaken({ state: 'silent' });
    await link.weaken({});
    const ask = () => send(gateway.url, 'GET', '/object/authenticated/b/after-lost/read', { token });
    expect((await ask()).status).toBe(503);
    const next = await Promise.all(Array.from({ length: POOL_SIZE }, ask));
    expect(next.map(({ status }) => status)).toEqual(Array(POOL_SIZE).fill(200));
  });
});

describe('while every connection is taken', () => {
  it('a request waits for one a while and is refused, and nothing is left of it', async () => {
    const { database } = gateway.app.core;
    let isOver = false;
    const held = Array.from({ length: POOL_SIZE * 10 }, async () => {
      while (!isOver) await database.run(scopeOf(ANON), SLEEP, null).catch(() => {});
    });
    await until('nothing but waiting', async () => database.gauges().waiting >= POOL_SIZE);
    const outcomes = await sendAllKinds(gateway.url, 'during-exhausted', session);
    isOver = true;
    await Promise.all(held);
    expect(slowestMs(outcomes)).toBeLessThan(LONGEST_TO_SEE_MS);
    const answers = Object.values(answersOf(outcomes));
    expect(answers).toContain(AWAY);
    const known = [GOOD, NOT_READY, ...REQUEST_KINDS.map(awayOf)];
    expect(answers.filter(answer => !known.includes(answer))).toEqual([]);
    await expectRecovery('after-exhausted');
  });
});

describe('while Postgres says nothing', () => {
  it('requests that keep coming pile up nowhere, the heap included', async () => {
    const { database } = gateway.app.core;
    const ask = () => send(gateway.url, 'GET', '/object/authenticated/b/after-lost/read', { token });
    const heapBytes: number[] = [];
    await link.weaken({ state: 'silent' });
    for (let wave = 0; wave < WAVES; wave += 1) {
      const startedAt = performance.now();
      const replies = await Promise.all(Array.from({ length: 100 }, ask));
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]));
      expect(performance.now() - startedAt).toBeLessThan(LONGEST_TO_SEE_MS);
      expect(database.gauges()).toMatchObject({ waiting: 0 });
      expect(database.gauges().total).toBeLessThanOrEqual(POOL_SIZE);
      heapBytes.push(heapInUse());
    }
    const growth = slopeOf(secondHalf(heapBytes.map((value, at) => ({ at, value }))));
    expect(growth).toBeLessThan(MAX_GROWTH_OF_A_WAVE_BYTES);
    await link.weaken({});
    await until('a good answer', async () => (await ask()).status === 200);
    await until('the end of the lost connections', async () => link.lostCount === 0);
    expect(link.openCount).toBeLessThanOrEqual(POOL_SIZE);
  });
});

describe('an upload under way', () => {
  it('outlives an outage of Postgres that is shorter than its lease', async () => {
    renewals = [];
    let finish = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(Buffer.from('the first bytes, ')));
        finish = () => {
          controller.enqueue(new Uint8Array(Buffer.from('and the last.')));
          controller.close();
        };
      },
    });
    const upload = send(gateway.url, 'POST', '/object/b/slow', { token, body });
    await until('a renewed lease', async () => renewals.includes('renewed'));
    await link.weaken({ state: 'refused' });
    await until('a lease that could not be renewed', async () => renewals.includes('failed'));
    await link.weaken({});
    const count = renewals.length;
    await until('the lease renewed again', async () => renewals.slice(count).includes('renewed'));
    finish();
    expect((await upload).status).toBe(200);
    await sweep(gateway);
    await expectAgreement(gateway);
  });
});
