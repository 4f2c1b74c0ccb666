/** The figures of one process for Prometheus, by prom-client, in a registry of their own; and those of all workers. */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MeasuredRequest {
  readonly operation: string | null;
  readonly status: number;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface MetricSources {
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number };
  readonly ledger: () => Promise<Readonly<Record<'pending' | 'dead' | 'quarantined', number>>>;
  /** How many requests have begun and are not over. */
  readonly requests?: () => number;
}

export interface Metrics {
  observeRequest(request: MeasuredRequest): void;
  observeBatch(batch: { readonly statement: string; readonly seconds: number; readonly failed: boolean }): void;
  observeBlobCall(call: { readonly method: string; readonly failure: string | null; readonly seconds: number }): void;
  /** Of a small blob, which may be in memory. */
  observeWholeRead(from: 'memory' | 'store'): void;
  observeSweep(run: { readonly swept: number; readonly failed: number; readonly error: unknown }): void;
  /** Gauges that are read when somebody asks. */
  watch(sources: MetricSources): void;
  /** In the text form of Prometheus. Answers within a second or so, also when Postgres does not. */
  render(): Promise<string>;
  readonly registry: Registry;
}

const LOOK_UP_MS = 1_000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function makeMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  watchProcess(registry);
  const requests = new Histogram({
    name: 'sluice_request_duration_seconds',
    help: 'Requests by operation and class of status, from their first header to the end of the reply.',
    labelNames: ['operation', 'status'],
    buckets: SECONDS,
    registers,
  });
  const bytes = { in: 0, out: 0 };
  new Counter({
    name: 'sluice_bytes_total',
    help: 'Bytes received from and sent to clients.',
    labelNames: ['direction'],
    registers,
    // Asked rarely and counted often: finding a label costs more than adding to a number.
    collect() {
      this.reset();
      this.inc({ direction: 'in' }, bytes.in);
      this.inc({ direction: 'out' }, bytes.out);
    },
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
  const wholeReads = { memory: 0, store: 0 };
  new Counter({
    name: 'sluice_small_reads_total',
    help: 'Reads of small objects, from memory or from the store.',
    labelNames: ['from'],
    registers,
    collect() {
      this.reset();
      this.inc({ from: 'memory' }, wholeReads.memory);
      this.inc({ from: 'store' }, wholeReads.store);
    },
  });
  const swept = new Counter({
    name: 'sluice_swept_blobs_total',
    help: 'Blobs that the sweeper removed, or could not remove and will try again.',
    labelNames: ['outcome'],
    registers,
  });
  const brokenSweeps = new Counter({
    name: 'sluice_broken_sweeps_total',
    help: 'Sweeps that broke off because Postgres or the store failed.',
    registers,
  });
  const lastSweep = new Gauge({
    name: 'sluice_last_sweep_timestamp_seconds',
    help: 'When the sweeper last had something to do.',
    registers,
    aggregator: 'max',
  });
  return {
    observeRequest({ operation, status, durationMs, bytesIn, bytesOut }) {
      requests.observe({ operation: operation ?? 'none', status: `${Math.floor(status / 100)}xx` }, durationMs / 1000);
      bytes.in += bytesIn;
      bytes.out += bytesOut;
    },
    observeBatch: ({ statement, seconds, failed }) =>
      batches.observe({ statement, outcome: failed ? 'failed' : 'ok' }, seconds),
    observeBlobCall: ({ method, failure, seconds }) => blobCalls.observe({ method, outcome: failure ?? 'ok' }, seconds),
    observeWholeRead(from) {
      wholeReads[from] += 1;
    },
    observeSweep(run) {
      swept.inc({ outcome: 'removed' }, run.swept);
      swept.inc({ outcome: 'failed' }, run.failed);
      if (run.error !== null) brokenSweeps.inc();
      lastSweep.setToCurrentTime();
    },
    watch: sources => watchGauges(registry, sources),
    render: () => registry.metrics(),
    registry,
  };
}

function watchGauges(registry: Registry, { pool, ledger, requests }: MetricSources): void {
  const registers = [registry];
  if (requests !== undefined) {
    new Gauge({
      name: 'sluice_requests_in_flight',
      help: 'Requests that have begun and are not over.',
      registers,
      collect() {
        this.set(requests());
      },
    });
  }
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
    help: 'Blobs of uploads under way, waiting for the sweeper, and put aside by fsck, in the whole database.',
    labelNames: ['state'],
    registers,
    aggregator: 'max',
    async collect() {
      // Postgres may be away; the other figures are wanted all the more then, and an old count would mislead.
      this.reset();
      const counts = await withinTime(ledger());
      for (const [state, count] of Object.entries(counts ?? {})) this.set({ state }, count);
    },
  });
}

/** Null where the look-up fails or takes too long. */
async function withinTime<Result>(lookUp: Promise<Result>): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), LOOK_UP_MS);
  });
  return Promise.race([lookUp.catch(() => null), late]).finally(() => clearTimeout(timer));
}

/**
 * prom-client's own set also watches the event loop a hundred times a second and reads /proc at every scrape: 0.7 % of a
 * core in an idle process, and 3 ms a scrape.
 */
function watchProcess(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Heap in use by JavaScript in bytes, garbage included.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
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
