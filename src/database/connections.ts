/**
 * The pool of connections, with an end to every wait: for a free connection, for a new one, for the answer to a batch.
 * What waits longest is a Postgres that keeps the connection and says nothing (a dropped route, a stopped server); TCP
 * does not notice that for minutes.
 */
import pg from 'pg';
import { SluiceError } from '../domain/errors.ts';
import { Batch, type BatchRow, type BatchStatement, cutConnection } from './batch.ts';
import { isDeadConnection, isStalePlan } from './postgres-errors.ts';

export interface ConnectionLimits {
  readonly poolSize: number;
  /** The longest wait for a connection, new or free. */
  readonly connectTimeoutMs: number;
}

export interface Connections {
  /**
   * Sends the batch and resolves to its rows. Rejects with Postgres's own error, with the connection's, or with
   * `unavailable`: when there was no connection, or no answer by the deadline. The connection is then closed, because the
   * outcome is unknown.
   */
  run(batch: readonly BatchStatement[], deadlineMs: number): Promise<BatchRow[]>;
  gauges(): { readonly total: number; readonly idle: number; readonly waiting: number };
  /** Waits for the batches under way, but not for silence. */
  close(): Promise<void>;
}

/** By now the kernel asks whether the other side is still there; ten questions later, a second each, it gives up. */
const KEEP_ALIVE_AFTER_MS = 30_000;
const IDLE_MS = 60_000;

export function makeConnections(target: pg.PoolConfig, limits: ConnectionLimits): Connections {
  const pool = new pg.Pool({
    ...target,
    max: limits.poolSize,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    application_name: 'sluice',
  });
  /** When each connection was last heard of. */
  const heardAt = new WeakMap<pg.PoolClient, number>();
  const busy = new Set<pg.PoolClient>();
  let doubtedBefore = 0;

  // An idle connection that breaks is dropped by the pool; the next request opens another.
  pool.on('error', () => {});
  pool.on('connect', client => {
    // The pool listens only while a connection is idle; one that is reset in mid-batch would end the process otherwise.
    // The batch itself has been told.
    client.on('error', () => {});
    heardAt.set(client, performance.now());
  });

  /** Whatever silenced one connection has silenced the idle ones too: those not heard of since are not tried again. */
  async function take(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await pool.connect().catch((error: unknown) => {
        throw new SluiceError('unavailable', 'There is no connection to Postgres', { cause: error });
      });
      if ((heardAt.get(client) ?? 0) >= doubtedBefore) return client;
      cutConnection(client);
      client.release(true);
    }
  }

  async function run(statements: readonly BatchStatement[], deadlineMs: number): Promise<BatchRow[]> {
    const client = await take();
    const startedAt = performance.now();
    const batch = new Batch(statements);
    const deadline = setTimeout(() => {
      doubtedBefore = Math.max(doubtedBefore, startedAt);
      batch.giveUp(new SluiceError('unavailable', 'Postgres did not answer in time'));
      cutConnection(client);
    }, deadlineMs);
    busy.add(client);
    let broken = true;
    try {
      client.query(batch as unknown as pg.Submittable);
      const rows = await batch.rows;
      broken = false;
      return rows;
    } catch (error) {
      broken = isDeadConnection(error) || isStalePlan(error);
      throw error;
    } finally {
      clearTimeout(deadline);
      if (!broken) heardAt.set(client, performance.now());
      busy.delete(client);
      client.release(broken);
    }
  }

  return {
    run,
    gauges: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    async close() {
      if (pool.ended) return;
      const cut = setTimeout(() => busy.forEach(cutConnection), limits.connectTimeoutMs);
      await pool.end().finally(() => clearTimeout(cut));
    },
  };
}
