/**
 * CPU time of a trivial node:http reply, measured in the same run. DESIGN §10 found 17 µs on a quiet machine; where it is
 * a multiple of that, caches and cores are shared, and the other CPU figures are inflated as well.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runLoad } from './load.ts';
import { cpuMicrosOf } from './process-usage.ts';

const CONNECTIONS = 32;
const MAX_REQUESTS = 20_000;
const SECONDS = 3;

/** Null where CPU time cannot be known. */
export async function measureFloorMicros(): Promise<number | null> {
  const child = fork(fileURLToPath(new URL('floor-server.mjs', import.meta.url)), { execArgv: [] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const run = () =>
    runLoad({
      origin: `http://127.0.0.1:${port}`,
      connections: CONNECTIONS,
      seconds: SECONDS,
      maxRequests: MAX_REQUESTS,
      next: () => ({ method: 'GET', path: '/' }),
      replyBytes: 1024,
    });
  try {
    // The first round is for the compiler.
    await run();
    const before = cpuMicrosOf(child.pid ?? null);
    const { units } = await run();
    const after = cpuMicrosOf(child.pid ?? null);
    return before === null || after === null ? null : (after - before) / units;
  } finally {
    child.disconnect();
  }
}
