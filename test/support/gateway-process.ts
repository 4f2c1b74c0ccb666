/** A gateway in a process of its own, as it runs in service, for tests that measure it or kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ConnectionTarget } from '../../src/database/database.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const ROOT = join(__dirname, '..', '..');

export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** What it has written, for failures. */
  readonly words: () => string;
  /** SIGKILL: nothing is finished, nothing is told. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and everything that follows from it. */
  stop(): Promise<void>;
}

/** The sources as they are; or with GATEWAY_BUILT=true, as the long runs set it, what `npm run build` has made of them. */
const PROGRAM =
  process.env.GATEWAY_BUILT === 'true'
    ? [join(ROOT, 'dist', 'main.js')]
    : ['--import', join(__dirname, 'run-typescript.mjs'), join(ROOT, 'src', 'main.ts')];

/** Resolves once the gateway is ready. The port stays the same when it is given, over as many lives as needed. */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>>,
  port?: number,
): Promise<GatewayProcess> {
  const PORT = String(port ?? (await freePort()));
  const child = spawn(process.execPath, [...PROGRAM, 'serve'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'error', ...env, PORT },
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-8_000);
    });
  }
  const url = `http://127.0.0.1:${PORT}`;
  const end = endOf(child);
  const endBy = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await end;
  };
  const gateway = {
    url,
    pid: child.pid ?? 0,
    words: () => words,
    kill: () => endBy('SIGKILL'),
    stop: () => endBy('SIGTERM'),
  };
  try {
    await until(
      'a gateway that is ready',
      async () => child.exitCode !== null || (await fetch(`${url}/ready`)).ok,
      60_000,
    );
  } catch (error) {
    await gateway.kill();
    throw error;
  }
  if (child.exitCode !== null) throw new Error(`the gateway ended: ${words}`);
  return gateway;
}

/** The URL of a target that is given in parts. */
export function databaseUrl(target: ConnectionTarget): string {
  if (target.connectionString !== undefined) return target.connectionString;
  const { user = '', database = '', host = '', port = 5432 } = target;
  return `postgresql://${encodeURIComponent(user)}@/${encodeURIComponent(database)}?host=${encodeURIComponent(host)}&port=${port}`;
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}
