/** A gateway in a process of its own moves 256 MiB while the other side takes its time, and its memory is watched. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { JWT_SECRET, SERVICE_TOKEN, STORES, type StoreKind } from '../support/gateway.ts';
import { databaseUrl, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { send } from './door.ts';

const MIB = 1024 * 1024;
const TRANSFER_BYTES = 256 * MIB;
/** DESIGN §10's goal for one transfer. */
const MOST_GROWTH_BYTES = 64 * MIB;
/** Slower than every disk and socket here, so that whoever reads ahead without bound has time to do so. */
const SLOW_BYTES_PER_SECOND = 64 * MIB;
const LOOK_EVERY_MS = 20;

const HEADERS = { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': 'application/octet-stream' };

/** Lets bytes pass at a pace; backpressure does the rest. */
function atSlowPace(): Transform {
  const began = performance.now();
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      const dueMs = (passed / SLOW_BYTES_PER_SECOND) * 1000 - (performance.now() - began);
      setTimeout(() => done(null, chunk), Math.max(0, dueMs));
    },
  });
}

/** An S3 server that takes request bodies slowly: a proxy before the real one. */
async function startSlowS3(endpoint: string): Promise<{ url: string; stop(): void }> {
  const upstream = new URL(endpoint);
  const server: Server = createServer((req, res) => {
    const forward = httpRequest(
      { host: upstream.hostname, port: upstream.port, method: req.method, path: req.url, headers: req.headers },
      reply => {
        res.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(res);
      },
    );
    forward.on('error', () => res.destroy());
    pipeline(req, atSlowPace(), forward).catch(() => forward.destroy());
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) * 1024;
}

/** How far the resident memory rises above what it was before, while `act` runs. */
async function growthDuring(pid: number, act: () => Promise<unknown>): Promise<number> {
  const before = await residentBytes(pid);
  let peak = before;
  const done = new AbortController();
  const watching = (async () => {
    while (!done.signal.aborted) {
      peak = Math.max(peak, await residentBytes(pid));
      await delay(LOOK_EVERY_MS);
    }
  })();
  await act().finally(() => done.abort());
  await watching;
  return peak - before;
}

function* manyBytes(totalBytes: number): Generator<Buffer> {
  const chunk = randomBytes(MIB);
  for (let sent = 0; sent < totalBytes; sent += chunk.length) yield chunk;
}

function upload(url: string, totalBytes: number, headers: Record<string, string | number>): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { method: 'PUT', headers: { ...HEADERS, ...headers } }, res => {
      res.resume().on('end', () => resolve(res.statusCode ?? 0));
    });
    req.on('error', reject);
    pipeline(Readable.from(manyBytes(totalBytes)), req).catch(reject);
  });
}

/** The number of bytes, read slowly. */
function download(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers: HEADERS }, res => {
      let received = 0;
      const slow = atSlowPace();
      slow.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      pipeline(res, slow).then(() => resolve(received), reject);
    })
      .on('error', reject)
      .end();
  });
}

describe.each(STORES)('on the %s store', (store: StoreKind) => {
  let db: TestDatabase;
  let dataDir = '';
  let gateway: GatewayProcess;
  let slowS3: { url: string; stop(): void } | null = null;

  beforeAll(async () => {
    db = await cloneTestDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'sluice-memory-'));
    slowS3 = store === 's3' ? await startSlowS3(process.env.TEST_S3_ENDPOINT ?? '') : null;
    gateway = await startGatewayProcess({
      JWT_SECRET,
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl(db.target),
      ...(slowS3 === null ? {} : s3Environment(slowS3.url)),
    });
    await send(gateway.url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name: 'b' } });
    // Everything that is loaded or compiled by the first request is no part of a transfer.
    await upload(`${gateway.url}/object/b/warm`, MIB, { 'content-length': MIB });
    await download(`${gateway.url}/object/authenticated/b/warm`);
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    slowS3?.stop();
    await db.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it("Memory per transfer is bounded, whatever the object's size and however slow the other side.", async () => {
    const growth = {
      upload: await growthDuring(gateway.pid, async () => {
        const declared = { 'content-length': TRANSFER_BYTES };
        expect(await upload(`${gateway.url}/object/b/large`, TRANSFER_BYTES, declared)).toBe(200);
      }),
      uploadInChunks: await growthDuring(gateway.pid, async () => {
        expect(await upload(`${gateway.url}/object/b/chunked`, TRANSFER_BYTES / 2, {})).toBe(200);
      }),
      download: await growthDuring(gateway.pid, async () => {
        expect(await download(`${gateway.url}/object/authenticated/b/large`)).toBe(TRANSFER_BYTES);
      }),
    };
    process.stdout.write(`growth of memory on the ${store} store: ${JSON.stringify(growth)}\n`);
    expect(Math.max(...Object.values(growth))).toBeLessThan(MOST_GROWTH_BYTES);
  }, 300_000);
});

function s3Environment(endpoint: string): Record<string, string> {
  const { TEST_S3_REGION, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY } = process.env;
  return {
    S3_ENDPOINT: endpoint,
    S3_REGION: TEST_S3_REGION ?? 'us-east-1',
    S3_ACCESS_KEY_ID: TEST_S3_ACCESS_KEY_ID ?? '',
    S3_SECRET_ACCESS_KEY: TEST_S3_SECRET_ACCESS_KEY ?? '',
    S3_BUCKET: `memory-${randomBytes(6).toString('hex')}`,
    S3_FORCE_PATH_STYLE: 'true',
  };
}
