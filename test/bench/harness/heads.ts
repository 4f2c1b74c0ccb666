/** HEAD requests, which autocannon cannot send: it waits for the body that a HEAD's Content-Length speaks of. */
import { Pool } from 'undici';
import type { Sample } from './alternate.ts';

export interface HeadLoad {
  readonly origin: string;
  readonly connections: number;
  readonly seconds: number;
  readonly next: () => { readonly path: string; readonly headers?: Readonly<Record<string, string>> };
}

/** Each connection asks anew as soon as it is answered. Rejects when any reply is not 200. */
export async function runHeads({ origin, connections, seconds, next }: HeadLoad): Promise<Sample> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const ask = async () => {
    while (performance.now() - startMs < seconds * 1000) {
      const sentMs = performance.now();
      const { path, headers = {} } = next();
      // Undici would close the socket after every HEAD.
      const { statusCode, body } = await pool.request({ method: 'HEAD', path, headers, reset: false });
      await body.dump();
      if (statusCode !== 200) throw new Error(`HEAD ${path} gave ${statusCode}`);
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, ask));
    return { units: latenciesMs.length, seconds: (performance.now() - startMs) / 1000, latenciesMs };
  } finally {
    await pool.destroy();
  }
}
