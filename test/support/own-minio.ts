/** A MinIO of one test, which may be killed and started again on the same data. Needs the binary; see minio.ts. */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY, spawnMinio } from './minio-process.ts';
import { until } from './until.ts';

export interface OwnMinio {
  /** What a gateway must be told. */
  readonly environment: Readonly<Record<string, string>>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** On the same data and port; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** Where the binary is; null where there is none. */
export function findMinio(): string | null {
  return findProgram('minio', [join(homedir(), 'go', 'bin'), join(homedir(), '.cache', 'sluice-test', 'bin')]);
}

export async function startOwnMinio(binary: string): Promise<OwnMinio> {
  const data = await mkdtemp(join(tmpdir(), 'sluice-own-minio-'));
  const address = `127.0.0.1:${await freePort()}`;
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    child = spawnMinio(binary, { data, address });
    await until('MinIO that answers', async () => (await fetch(`http://${address}/minio/health/ready`)).ok, 60_000);
  }

  async function kill(): Promise<void> {
    const killed = child;
    child = null;
    if (killed === null) return;
    const end = new Promise(resolve => killed.once('exit', resolve));
    killed.kill('SIGKILL');
    await end;
  }

  await start();
  return {
    environment: {
      S3_ENDPOINT: `http://${address}`,
      S3_ACCESS_KEY_ID: ACCESS_KEY_ID,
      S3_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      S3_BUCKET: 'sluice',
      S3_FORCE_PATH_STYLE: 'true',
    },
    start,
    kill,
    async remove() {
      await kill();
      await rm(data, { recursive: true, force: true });
    },
  };
}
