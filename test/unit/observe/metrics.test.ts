import { makeMetrics } from '../../../src/observe/metrics.ts';

const POOL = { total: 5, idle: 2, waiting: 1 };
const REQUEST = { operation: 'getObject', status: 404, durationMs: 30, bytesIn: 10, bytesOut: 500 };

describe('the metrics', () => {
  it.each([
    ['fails', () => Promise.reject(new Error('Postgres is away'))],
    ['does not answer', () => new Promise<never>(() => {})],
  ])('are rendered without the ledger when looking it up %s', async (_what, ledger) => {
    const metrics = makeMetrics();
    metrics.watch({ pool: () => POOL, ledger });
    const text = await metrics.render();
    expect(text).not.toContain('sluice_ledger_blobs{');
    expect(text).toContain('sluice_database_connections{state="idle"} 2');
  });

  it('keep two gateways in one process apart', async () => {
    const [first, second] = [makeMetrics(), makeMetrics()];
    first.observeRequest(REQUEST);
    expect(await second.render()).not.toContain('getObject');
  });

  it('count a request by operation and class of status, with its latency and bytes', async () => {
    const metrics = makeMetrics();
    metrics.observeRequest(REQUEST);
    metrics.observeRequest({ ...REQUEST, operation: null });
    const text = await metrics.render();
    expect(text).toContain('sluice_request_duration_seconds_bucket{le="0.05",operation="getObject",status="4xx"} 1');
    expect(text).toContain('sluice_request_duration_seconds_count{operation="none",status="4xx"} 1');
    expect(text).toContain('sluice_bytes_total{direction="out"} 1000');
  });

  it('count calls to Postgres and the store by what they were and how they ended', async () => {
    const metrics = makeMetrics();
    metrics.observeBatch({ statement: 'find_object', seconds: 0.002, failed: false });
    metrics.observeBlobCall({ method: 'open', failure: 'absent', seconds: 0.002 });
    const text = await metrics.render();
    expect(text).toContain('sluice_database_batch_duration_seconds_count{statement="find_object",outcome="ok"} 1');
    expect(text).toContain('sluice_store_call_duration_seconds_count{method="open",outcome="absent"} 1');
  });

  it('tell what the sweeper did, and that a sweep broke off', async () => {
    const metrics = makeMetrics();
    metrics.observeSweep({ swept: 3, failed: 1, error: new Error('away') });
    const text = await metrics.render();
    expect(text).toContain('sluice_swept_blobs_total{outcome="removed"} 3');
    expect(text).toContain('sluice_broken_sweeps_total 1');
    expect(text).toMatch(/sluice_last_sweep_timestamp_seconds 1\.?\d+/);
  });

  it('read the pool, the ledger, requests under way and the process at each scrape', async () => {
    let busy = 1;
    const metrics = makeMetrics();
    metrics.watch({
      pool: () => POOL,
      ledger: async () => ({ pending: 7, dead: 8, quarantined: 9 }),
      requests: () => busy,
    });
    expect(await metrics.render()).toContain('sluice_requests_in_flight 1');
    busy = 2;
    const text = await metrics.render();
    expect(text).toContain('sluice_requests_in_flight 2');
    expect(text).toContain('sluice_ledger_blobs{state="dead"} 8');
    expect(text).toContain('sluice_ledger_blobs{state="quarantined"} 9');
    expect(text).toMatch(/process_resident_memory_bytes \d{7,}/);
    expect(text).toMatch(/nodejs_heap_size_used_bytes \d{7,}/);
    expect(text).toMatch(/process_cpu_seconds_total 0?\.?\d+/);
  });
});
