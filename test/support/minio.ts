/**
 * An S3 engine for tests, real in every case: the one that TEST_S3_ENDPOINT names, else MinIO in Docker, else a `minio`
 * binary, else one built from source where Go is present. Started once by jest's global set-up; the tests themselves
 * learn of it by environment variables.
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY, spawnMinio } from './minio-process.ts';

export interface S3Engine {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Stops what was started and removes its data. An engine that was there before is left alone. Safe to call twice. */
  stop(): Promise<void>;
}

/** Why there is no engine: one clause for each way that was tried. */
export interface NoS3Engine {
  readonly reason: string;
}

const REGION = 'us-east-1';
const IMAGE = 'minio/minio:RELEASE.2025-09-07T16-13-09Z';
const READY_WITHIN_MS = 30_000;
const BUILD_WITHIN_MS = 20 * 60_000;

/** The first engine that starts, or the reason why each way failed. Never rejects. */
export async function startMinio(): Promise<S3Engine | NoS3Engine> {
  const given = givenEngine(process.env);
  if (given !== null) return given;
  const reasons: string[] = [];
  for (const start of [startInDocker, startBinary, startBuilt]) {
    try {
      return await start();
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { reason: reasons.join('; ') };
}

function givenEngine(env: NodeJS.ProcessEnv): S3Engine | null {
  const { TEST_S3_ENDPOINT, TEST_S3_REGION, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY } = env;
  if (!TEST_S3_ENDPOINT) return null;
  return {
    endpoint: TEST_S3_ENDPOINT,
    region: TEST_S3_REGION ?? REGION,
    accessKeyId: TEST_S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: TEST_S3_SECRET_ACCESS_KEY ?? '',
    stop: async () => {},
  };
}

async function startInDocker(): Promise<S3Engine> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  await getContainerRuntimeClient().catch(() => {
    throw new Error('no Docker engine answers');
  });
  const container = await new GenericContainer(IMAGE)
    .withCommand(['server', '/data'])
    .withEnvironment({ MINIO_ROOT_USER: ACCESS_KEY_ID, MINIO_ROOT_PASSWORD: SECRET_ACCESS_KEY })
    .withExposedPorts(9000)
    .withWaitStrategy(Wait.forHttp('/minio/health/ready', 9000))
    .start();
  let stopped: Promise<unknown> | null = null;
  return {
    endpoint: `http://${container.getHost()}:${container.getMappedPort(9000)}`,
    ...credentials(),
    stop: async () => {
      stopped ??= container.stop();
      await stopped;
    },
  };
}

async function startBinary(): Promise<S3Engine> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), 'go', 'bin')];
  for (const folder of folders.filter(Boolean)) {
    const path = join(folder, 'minio');
    if (await isExecutable(path)) return runBinary(path);
  }
  throw new Error('no minio binary on the PATH');
}

/** Builds MinIO into a cache of the user's, where the next run finds it. */
async function startBuilt(): Promise<S3Engine> {
  const folder = join(homedir(), '.cache', 'sluice-test', 'bin');
  const path = join(folder, 'minio');
  if (!(await isExecutable(path))) {
    await mkdir(folder, { recursive: true });
    process.stderr.write('Building MinIO from source for the S3 tests; this takes some minutes, once.\n');
    const env = { ...process.env, GOBIN: folder };
    try {
      await promisify(execFile)('go', ['install', 'github.com/minio/minio@latest'], { env, timeout: BUILD_WITHIN_MS });
    } catch (cause) {
      throw new Error('MinIO could not be built with Go', { cause });
    }
  }
  return runBinary(path);
}

async function runBinary(path: string): Promise<S3Engine> {
  const data = await mkdtemp(join(tmpdir(), 'sluice-minio-'));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawnMinio(path, { data, address });
  const end = endOf(child);
  const stop = async () => {
    child.kill('SIGTERM');
    await end;
    await rm(data, { recursive: true, force: true });
  };
  try {
    await untilReady(`http://${address}/minio/health/ready`, end);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: `http://${address}`, ...credentials(), stop };
}

function credentials() {
  return { region: REGION, accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
}

/** Resolves when the process is gone, however it ended. */
function endOf(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

async function untilReady(url: string, end: Promise<void>): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let ended = false;
  void end.then(() => {
    ended = true;
  });
  while (!ended && Date.now() < deadline) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(ended ? 'minio ended at once' : `minio was not ready within ${READY_WITHIN_MS} ms`);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
