/**
 * The gateway in several processes (WORKERS > 1): the primary holds the engines and the worker processes, replaces those
 * that die, and drains them at the end. It serves no request itself. The workers' side is worker-process.ts.
 */
import type { Address, Cluster, Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningGateway } from './serve-command.ts';
import { isMetricsRequest, type MetricsReply } from './worker-messages.ts';

/** The part of `node:cluster` that is used. */
export type WorkerCluster = Pick<Cluster, 'fork' | 'on' | 'off'> & { readonly workers?: NodeJS.Dict<Worker> };

export interface ClusterOptions {
  readonly cluster: WorkerCluster;
  readonly workers: number;
  /** Added to the environment of every worker. */
  readonly environment: Readonly<Record<string, string>>;
  /** The metrics of all workers together, in the text form of Prometheus. */
  readonly aggregateMetrics: () => Promise<string>;
  readonly onWorkerDeath: (death: {
    readonly pid: number;
    readonly reason: string;
    readonly restartInMs: number;
  }) => void;
  /** How long draining may take before the rest is killed. */
  readonly drainTimeoutMs: number;
}

const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A worker that lived this long starts a new series of pauses. */
const HEALTHY_LIFE_MS = 30_000;

/** Resolves once every worker listens. Rejects, with all workers gone, when one dies before that. */
export async function startCluster(options: ClusterOptions): Promise<RunningGateway> {
  const stopping = new AbortController();
  const stopAnswering = answerMetricsRequests(options);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await drainWorkers(options);
    stopAnswering();
  };
  try {
    const first = Array.from({ length: options.workers }, () => options.cluster.fork(options.environment));
    const addresses = await Promise.all(
      first.map(async worker => {
        const address = await listening(worker);
        // At once: it may die while the others still start.
        keepReplacing(worker, options, stopping.signal);
        return address;
      }),
    );
    return { port: addresses[0]?.port ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves with the address; rejects when the worker dies first. It has said why on standard error by then. */
function listening(worker: Worker): Promise<Address> {
  return new Promise((resolve, reject) => {
    worker.once('listening', resolve);
    worker.once('exit', (code, signal) => {
      reject(new Error(`A worker process could not start (${signal ?? `exit code ${code}`}).`));
    });
  });
}

function keepReplacing(
  worker: Worker,
  options: ClusterOptions,
  stopping: AbortSignal,
  pauseMs = SHORTEST_PAUSE_MS,
): void {
  const startedAt = Date.now();
  worker.once('exit', async (code, signal) => {
    if (stopping.aborted) return;
    const restartInMs = Date.now() - startedAt > HEALTHY_LIFE_MS ? SHORTEST_PAUSE_MS : pauseMs;
    options.onWorkerDeath({ pid: worker.process.pid ?? 0, reason: signal ?? `exit code ${code}`, restartInMs });
    await delay(restartInMs, undefined, { signal: stopping }).catch(() => {});
    if (stopping.aborted) return;
    const next = options.cluster.fork(options.environment);
    keepReplacing(next, options, stopping, Math.min(restartInMs * 2, LONGEST_PAUSE_MS));
  });
}

/** Asks every worker to end, and kills those that have not when the time is up. */
async function drainWorkers({ cluster, drainTimeoutMs }: ClusterOptions): Promise<void> {
  const living = Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined && !worker.isDead());
  await Promise.all(
    living.map(async worker => {
      if (worker === undefined) return;
      const gone = new Promise<void>(resolve => worker.once('exit', () => resolve()));
      const killer = setTimeout(() => worker.process.kill('SIGKILL'), drainTimeoutMs);
      worker.process.kill('SIGTERM');
      await gone;
      clearTimeout(killer);
    }),
  );
}

/** Ends all workers without waiting for anything, for the second signal. */
export function killWorkers(cluster: WorkerCluster): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
}

/** Any worker may be asked for /metrics, and only the primary reaches them all. */
function answerMetricsRequests({ cluster, aggregateMetrics }: ClusterOptions): () => void {
  const answer = async (worker: Worker, message: unknown): Promise<void> => {
    if (!isMetricsRequest(message)) return;
    const reply: MetricsReply = await aggregateMetrics().then(
      text => ({ kind: 'sluice-metrics-reply', id: message.id, text, failure: null }),
      error => ({ kind: 'sluice-metrics-reply', id: message.id, text: null, failure: String(error) }),
    );
    if (worker.isConnected()) worker.send(reply);
  };
  cluster.on('message', answer);
  return () => void cluster.off('message', answer);
}
