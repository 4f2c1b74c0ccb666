/** The figures of one process for Prometheus, by prom-client, in a registry of their own; and those of all workers. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface MeasuredRequest {
  readonly operation: string | null;
  readonly status: number;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface MetricSources {
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number };
  readonly ledger: () => Promise<{ readonly pending: number; readonly dead: number }>;
}

export interface Metrics {
  observeRequest(request: MeasuredRequest): void;
  observeBatch(batch: { readonly statement: string; readonly seconds: number; readonly failed: boolean }): void;
  observeBlobCall(call: { readonly method: string; readonly failure: string | null; readonly seconds: number }): void;
  observeSweep(run: { readonly swept: number; readonly failed: number; readonly error: unknown }): void;
  /** Gauges that are read when somebody asks. */
  watch(sources: MetricSources): void;
  /** In the text form of Prometheus. */
  render(): Promise<string>;
  readonly registry: Registry;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function makeMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'sluice_request_duration_seconds',
    help: 'Requests by operation and class of status, from their first header to the end of the reply.',
    labelNames: ['operation', 'status'],
    buckets: SECONDS,
    registers,
  });
  const bytes = new Counter({
    name: 'sluice_bytes_total',
    help: 'Bytes received from and sent to clients.',
    labelNames: ['direction'],
    registers,
  });
  const batches = new Histogram({
    name: 'sluice_database_batch_duration_seconds',
    help: 'Round trips to Postgres by statement, waiting for a connection included.',
    labelNames: ['statement', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const blobCalls = new Histogram({
    name: 'sluice_store_call_duration_seconds',
    help: 'Calls to the store by method and outcome.',
    labelNames: ['method', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const swept = new Counter({
    name: 'sluice_swept_blobs_total',
    help: 'Blobs that the sweeper removed, or could not remove and will try again.',
    labelNames: ['outcome'],
    registers,
  });
  const lastSweep = new Gauge({
    name: 'sluice_last_sweep_timestamp_seconds',
    help: 'When the sweeper last removed something.',
    registers,
    aggregator: 'max',
  });
  return {
    observeRequest({ operation, status, durationMs, bytesIn, bytesOut }) {
      requests.observe({ operation: operation ?? 'none', status: `${Math.floor(status / 100)}xx` }, durationMs / 1000);
      bytes.inc({ direction: 'in' }, bytesIn);
      bytes.inc({ direction: 'out' }, bytesOut);
    },
    observeBatch: ({ statement, seconds, failed }) =>
      batches.observe({ statement, outcome: failed ? 'failed' : 'ok' }, seconds),
    observeBlobCall: ({ method, failure, seconds }) => blobCalls.observe({ method, outcome: failure ?? 'ok' }, seconds),
    observeSweep(run) {
      swept.inc({ outcome: 'removed' }, run.swept);
      swept.inc({ outcome: 'failed' }, run.failed);
      lastSweep.setToCurrentTime();
    },
    watch: sources => watchGauges(registry, sources),
    render: () => registry.metrics(),
    registry,
  };
}

function watchGauges(registry: Registry, { pool, ledger }: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: 'sluice_database_connections',
    help: 'Connections to Postgres, and requests that wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(pool())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'sluice_ledger_blobs',
    help: 'Blobs of uploads under way, and blobs waiting for the sweeper, in the whole database.',
    labelNames: ['state'],
    registers,
    aggregator: 'max',
    async collect() {
      // Postgres may be away; the other figures are wanted all the more then.
      const counts = await ledger().catch(() => ({}));
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count);
    },
  });
}

/** In a worker process, before anybody asks: what the primary collects from it. */
export function offerToPrimary(metrics: Metrics): void {
  AggregatorRegistry.setRegistries([metrics.registry]);
  new AggregatorRegistry();
}

/** In the primary: the figures of all workers together. */
export function makeWorkerMetrics(): () => Promise<string> {
  const aggregator = new AggregatorRegistry();
  return () => aggregator.clusterMetrics();
}
