/**
 * Many small requests: one run of autocannon, bounded in count and time, inside this process, which does nothing else
 * meanwhile. Latencies are kept as measured, because autocannon's own histogram knows whole milliseconds only.
 */
import autocannon from 'autocannon';
import type { Sample } from './alternate.ts';

export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With its query, percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Load {
  readonly origin: string;
  readonly connections: number;
  readonly seconds: number;
  readonly maxRequests: number;
  /** Called for each request. */
  readonly next: () => LoadRequest;
  /** What a true reply holds at least. */
  readonly replyBytes: number;
  /** The only status that a true reply has; any 2xx unless given. */
  readonly status?: number;
}

const TIMEOUT_SECONDS = 60;
/** How often autocannon looks whether it is to end. */
const SAMPLE_MS = 100;

/** Rejects when any reply is not 2xx or too short, because a refused request is cheap and would make a fine figure. */
export async function runLoad(load: Load): Promise<Sample> {
  const { origin, connections, seconds, maxRequests, next, replyBytes } = load;
  const latenciesMs: number[] = [];
  let bytes = 0;
  const startMs = performance.now();
  let endMs = startMs;
  const options: autocannon.Options = {
    url: origin,
    connections,
    duration: seconds,
    maxOverallRequests: maxRequests,
    timeout: TIMEOUT_SECONDS,
    sampleInt: SAMPLE_MS,
    requests: [{ setupRequest: request => ({ ...request, ...next() }) as autocannon.Request }],
  };
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(options, (error, value) => (error ? reject(error) : resolve(value)));
    instance.on('response', (_client, _status, resBytes, latencyMs) => {
      latenciesMs.push(latencyMs);
      bytes += resBytes;
      endMs = performance.now();
    });
  });
  const { errors, timeouts, statusCodeStats = {} } = result;
  const codes = JSON.stringify(statusCodeStats);
  const isTrue = (code: string) => (load.status === undefined ? code.startsWith('2') : code === String(load.status));
  if (errors > 0 || !Object.keys(statusCodeStats).every(isTrue)) {
    throw new Error(`${origin} refused: ${errors} errors, ${timeouts} time-outs, ${codes}, ${next().path}`);
  }
  if (latenciesMs.length === 0) throw new Error(`${origin} gave no reply in ${seconds} s to ${next().path}`);
  if (bytes < replyBytes * latenciesMs.length) throw new Error(`${origin} gave short replies to ${next().path}`);
  return { units: latenciesMs.length, seconds: (endMs - startMs) / 1000, latenciesMs };
}
