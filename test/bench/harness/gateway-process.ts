/** The built gateway as a process of its own, exactly as an operator runs it: `node dist/main.js serve`. */
import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { forgetPeak } from './process-usage.ts';

export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** Lets VmHWM begin anew. */
  forgetPeak(): void;
  stop(): Promise<void>;
}

export interface GatewayProcessOptions {
  readonly packageRoot: string;
  /** Keeps the log of the gateway. */
  readonly workFolder: string;
  readonly env: Readonly<Record<string, string>>;
  /** For node, such as --cpu-prof. */
  readonly nodeFlags: readonly string[];
}

const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;

/** Resolves once the gateway says that it is ready. */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const { packageRoot, workFolder, env, nodeFlags } = options;
  const program = join(packageRoot, 'dist', 'main.js');
  if (!existsSync(program)) throw new Error('dist/main.js is missing: npm run build makes it');
  const port = await freePort();
  const logPath = join(workFolder, 'gateway.log');
  const log = openSync(logPath, 'a');
  const child = spawn(process.execPath, [...nodeFlags, program, 'serve'], {
    cwd: workFolder,
    // A file, as under a service manager: a pipe would make the reader take part in the measurement.
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH ?? '', PORT: String(port), HOST: '127.0.0.1', ...env },
  });
  const end = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGTERM');
    await end;
  };
  for (const deadline = Date.now() + READY_WITHIN_MS; ; await delay(POLL_MS)) {
    const reply = await fetch(`${url}/ready`).catch(() => null);
    await reply?.body?.cancel();
    if (reply?.ok) break;
    if (child.exitCode === null && Date.now() < deadline) continue;
    await stop();
    throw new Error(`the gateway did not become ready; its log is ${logPath}`);
  }
  const pid = child.pid ?? 0;
  return { url, pid, forgetPeak: () => forgetPeak(pid), stop };
}
