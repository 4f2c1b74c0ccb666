/** S3 is away, silent, slow, breaks off or refuses, and every kind of request is made meanwhile. The times are short here. */
import { request } from 'node:http';
import { makeCall } from '../support/call.ts';
import { type FaultyS3, type Refusal, startFaultyS3 } from '../support/faulty-s3.ts';
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, startGateway } from '../support/gateway.ts';
import { describeWithS3 } from '../support/s3-engine.ts';
import { until } from '../support/until.ts';
import { startWeakLink, type WeakLink, type Weakness } from '../support/weak-link.ts';
import { expectAgreement, sweep } from './agreement.ts';
import {
  AWAY,
  answersOf,
  awayOf,
  everyKind,
  furnishFolders,
  GOOD,
  KINDS_SETTINGS,
  outcomeOf,
  REQUEST_KINDS,
  sendAllKinds,
  slowestMs,
} from './request-kinds.ts';

const token = SERVICE_TOKEN;
const SILENCE_MS = 2_000;
/** An upload in parts may wait twice: for a part, and for its parts to be dropped. The machine of the tests is busy. */
const LONGEST_MS = 2 * SILENCE_MS + 3_000;
const MIB = 1024 * 1024;

const NOT_READY = '503 {"ready":false,"database":true,"store":false}, again in 1 s';
const movers = REQUEST_KINDS.filter(({ movesBytes }) => movesBytes).map(kind => [kind.title, awayOf(kind)] as const);
const away = everyKind(GOOD, { ...Object.fromEntries(movers), '/ready': NOT_READY });

type Outage = Weakness & { readonly refusal?: Refusal };

const OUTAGES: readonly (readonly [title: string, outage: Outage, answers: Record<string, string>])[] = [
  ['refuses connections', { state: 'refused' }, away],
  ['resets connections', { state: 'reset' }, away],
  ['accepts connections and says nothing', { state: 'silent' }, away],
  ['answers too late', { latencyMs: 2 * LONGEST_MS }, away],
  ['breaks off in mid-answer', { cut: { towards: 'client', afterBytes: 30 } }, away],
  ['breaks off in mid-question', { cut: { towards: 'server', afterBytes: 30 } }, away],
  [
    'breaks off in the middle of long bodies',
    { cut: { towards: 'server', afterBytes: MIB } },
    everyKind(GOOD, { 'upload in parts': AWAY }),
  ],
  ['answers 500', { refusal: { status: 500, code: 'InternalError' } }, away],
  ['asks to slow down', { refusal: { status: 503, code: 'SlowDown' } }, away],
  ['answers late', { latencyMs: 5 }, everyKind(GOOD)],
  ['takes and gives bytes slowly', { bytesPerSecond: 20 * MIB }, everyKind(GOOD)],
];

describeWithS3('while S3', engine => {
  let link: WeakLink;
  let s3: FaultyS3;
  let gateway: Gateway;
  let session: string;

  beforeAll(async () => {
    s3 = await startFaultyS3(engine.endpoint);
    link = await startWeakLink({ host: '127.0.0.1', port: Number(new URL(s3.endpoint).port) });
    gateway = await startGateway({
      store: 's3',
      log: SILENT_LOG,
      env: { S3_ENDPOINT: `http://127.0.0.1:${link.port}`, S3_TIMEOUT: `${SILENCE_MS}ms`, ...KINDS_SETTINGS },
    });
    const rounds = [...OUTAGES.keys()];
    session = await furnishFolders(gateway, [
      'mid-upload',
      ...rounds.flatMap(round => [`during-${round}`, `after-${round}`]),
    ]);
    await call('POST', '/object/b/long', { token, body: Buffer.alloc(8 * MIB, 'long ') });
  });
  afterEach(() => spoil({}));
  afterAll(async () => {
    await gateway.stop();
    await link.stop();
    await s3.stop();
  });

  const call = (...args: Parameters<ReturnType<typeof makeCall>>) => makeCall(gateway.url)(...args);

  async function spoil({ refusal, ...weakness }: Outage): Promise<void> {
    s3.refuse(refusal ?? null);
    await link.weaken(weakness);
  }

  /** So that the sweeper has something to do. */
  async function leaveDeadBytes(name: string): Promise<void> {
    await call('POST', `/object/b/${name}`, { token, body: 'soon dead' });
    await call('DELETE', `/object/b/${name}`, { token });
  }

  /** Connections that were idle when S3 fell silent are kept, and tried, for as long as idle connections are. */
  async function expectRecovery(folder: string): Promise<void> {
    await until('the end of the lost connections', async () => link.lostCount === 0, LONGEST_MS);
    await until('a gateway that is ready', async () => (await fetch(`${gateway.url}/ready`)).ok, LONGEST_MS);
    expect(answersOf(await sendAllKinds(gateway.url, folder, session))).toEqual(everyKind(GOOD));
    await expectIntact();
  }

  async function expectIntact(): Promise<void> {
    await sweep(gateway);
    await expectAgreement(gateway);
  }

  it.each(OUTAGES.map((outage, round) => [...outage, round] as const))(
    '%s, every request is answered in time, and after it everything works again',
    async (_, outage, answers, round) => {
      await leaveDeadBytes(`dead-${round}`);
      await spoil(outage);
      const swept = gateway.app.sweeper.run();
      const outcomes = await sendAllKinds(gateway.url, `during-${round}`, session);
      expect(answersOf(outcomes)).toEqual(answers);
      expect(slowestMs(outcomes)).toBeLessThan(LONGEST_MS);
      expect((await swept).error === null).toBe(answers !== away);
      await spoil({});
      await expectRecovery(`after-${round}`);
    },
  );

  it('refuses once, the client is told to come again; parts are sent again by the gateway', async () => {
    const [small, parts] = [REQUEST_KINDS[0], REQUEST_KINDS[2]];
    const refusal = { status: 503, code: 'SlowDown', times: 1 };
    s3.refuse(refusal);
    expect((await outcomeOf(() => small?.send(call, 'once', session) ?? missing())).answer).toBe(AWAY);
    expect((await outcomeOf(() => small?.send(call, 'once', session) ?? missing())).answer).toBe(GOOD);
    s3.refuse(refusal);
    expect((await outcomeOf(() => parts?.send(call, 'once', session) ?? missing())).answer).toBe(GOOD);
    await expectIntact();
  });

  it.each([
    ['falls silent', { state: 'silent' } as const],
    ['breaks off', { cut: { towards: 'client', afterBytes: MIB } } as const],
  ])('%s in mid-download, the client sees that its bytes are not whole', async (_, weakness) => {
    let received = 0;
    const startedAt = performance.now();
    const outcome = await new Promise<string>(resolve => {
      const headers = { authorization: `Bearer ${token}` };
      request(`${gateway.url}/object/authenticated/b/long`, { headers, agent: false }, async res => {
        res.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        res.on('end', () => resolve('whole'));
        await spoil(weakness);
        res.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
      })
        .on('error', () => {})
        .end();
    });
    expect(outcome).toBe('ECONNRESET');
    expect(received).toBeLessThan(8 * MIB);
    expect(performance.now() - startedAt).toBeLessThan(LONGEST_MS);
  });

  it('falls silent in mid-upload, the client is told in time', async () => {
    const startedAt = performance.now();
    const reply = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-length': 64 * MIB };
      const upload = request(`${gateway.url}/object/b/silent`, { method: 'POST', headers, agent: false }, res => {
        resolve(res.statusCode ?? 0);
        res.resume();
      });
      upload.on('error', reject);
      upload.write(Buffer.alloc(MIB), async () => {
        await until('bytes on their way', async () => link.openCount > 0);
        await spoil({ state: 'silent' });
        for (let sent = MIB; sent < 64 * MIB; sent += MIB) upload.write(Buffer.alloc(MIB));
        upload.end();
      });
    });
    expect(reply).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(LONGEST_MS);
    await spoil({});
    await expectRecovery('mid-upload');
  });
});

function missing(): never {
  throw new Error('there is no such kind of request');
}
