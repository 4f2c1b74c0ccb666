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

/** A server of its own that does the least there is. */
export interface Floor {
  /** CPU µs a reply over this many; null where it cannot be known. */
  measure(load: {
    readonly connections: number;
    readonly requests: number;
    readonly seconds: number;
  }): Promise<number | null>;
  stop(): void;
}

export async function startFloor(): Promise<Floor> {
  const child = fork(fileURLToPath(new URL('floor-server.mjs', import.meta.url)), { execArgv: [] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    async measure({ connections, requests, seconds }) {
      const before = cpuMicrosOf(child.pid ?? null);
      const { units } = await runLoad({
        origin: `http://127.0.0.1:${port}`,
        connections,
        seconds,
        maxRequests: requests,
        next: () => ({ method: 'GET', path: '/' }),
        replyBytes: 1024,
      });
      const after = cpuMicrosOf(child.pid ?? null);
      return before === null || after === null ? null : (after - before) / units;
    },
    stop: () => child.disconnect(),
  };
}

/** Null where CPU time cannot be known. */
export async function measureFloorMicros(): Promise<number | null> {
  const floor = await startFloor();
  const load = { connections: CONNECTIONS, requests: MAX_REQUESTS, seconds: SECONDS };
  try {
    // The first round is for the compiler.
    await floor.measure(load);
    return await floor.measure(load);
  } finally {
    floor.stop();
  }
}
