/**
 * The only way from an operation to Postgres. Every call is one batch: the enter statement, which sets role and
 * `request.*` settings for this transaction alone, then the operation's own statement. It is not possible to run a
 * statement without a scope.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { entranceOf, LEDGER_ENTRANCE } from './account-statements.ts';
import type { BatchRow, BatchStatement } from './batch.ts';
import { makeConnections } from './connections.ts';
import { GATEWAY_ROLE } from './gateway-role.ts';
import { isDeadConnection, isRetryable, toSluiceError } from './postgres-errors.ts';
import type { Statement } from './statement.ts';

export interface ConnectionTarget {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly database?: string;
}

export interface DatabaseOptions {
  readonly target: ConnectionTarget;
  readonly poolSize: number;
  /** False: unnamed statements, for poolers in transaction mode that cannot keep names apart. */
  readonly prepare: boolean;
  /**
   * 30 s unless given. Postgres ends a statement that runs longer (for the gateway's own login its role's setting counts); a
   * Postgres that says nothing at all is given a little more.
   */
  readonly statementTimeoutMs?: number;
  /** Called after each batch; for metrics. */
  readonly observe?: (batch: { statement: string; seconds: number; failed: boolean }) => void;
}

export interface PoolGauges {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface Database {
  /**
   * Runs one statement in one round trip and returns its rows. Rejects with SluiceError: the code that the SQL raised
   * (postgres-errors.ts), `unavailable` when Postgres is away or the pool exhausted, `timeout`. A deadlock, a
   * serialization failure and a plan that has become stale, after which nothing has happened, are tried again, up to three
   * times, a read on a connection that breaks once. Each try settles within the time for a connection (5 s at most) and
   * the time for a statement and a few seconds more, whatever Postgres does; where the answer is `unavailable` a write may
   * have happened.
   */
  run<Parameters, Row>(
    scope: RequestScope,
    statement: Statement<Parameters, Row>,
    parameters: Parameters,
  ): Promise<Row[]>;
  /** Rejects with `unavailable` unless Postgres answers in time, the wait for a connection not counted. */
  check(timeoutMs: number): Promise<void>;
  gauges(): PoolGauges;
  close(): Promise<void>;
}

const ENTER = `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
 set_config('request.jwt.claim.sub', $3, true), set_config('request.jwt.claim.role', $4, true),
 set_config('request.method', $5, true), set_config('request.path', $6, true),
 set_config('request.headers', $7, true), set_config('storage.operation', $8, true)`;
const ENTER_READ_ONLY = `${ENTER}, set_config('transaction_read_only', 'on', true)`;

const ATTEMPTS = 4;
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** What Postgres's own word that a statement took too long may need to get here. */
const GRACE_MS = 3_000;

export function makeDatabase(options: DatabaseOptions): Database {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const connections = makeConnections(poolTarget(options.target, statementTimeoutMs), {
    poolSize: options.poolSize,
    connectTimeoutMs: Math.min(statementTimeoutMs, CONNECT_TIMEOUT_MS),
  });
  const deadlineMs = statementTimeoutMs + Math.min(statementTimeoutMs, GRACE_MS);

  async function runWithRetries(batch: readonly BatchStatement[], mayRepeat: boolean): Promise<BatchRow[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await connections.run(batch, deadlineMs);
      } catch (error) {
        const again = isRetryable(error) || (mayRepeat && attempt === 1 && isBroken(error));
        if (!again || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async function answerTo(
    batch: readonly BatchStatement[],
    { name, runs }: { readonly name: string; readonly runs: Statement<never, unknown>['runs'] },
  ): Promise<BatchRow[]> {
    const started = performance.now();
    let failed = true;
    try {
      const rows = await runWithRetries(batch, runs === 'caller-reads');
      failed = false;
      return rows;
    } catch (error) {
      throw toSluiceError(error);
    } finally {
      options.observe?.({ statement: name, seconds: (performance.now() - started) / 1000, failed });
    }
  }

  return {
    async run(scope, statement, parameters) {
      const batch = [
        ...enterStatements(scope, statement, options.prepare),
        {
          name: options.prepare ? statementName(scope, statement) : '',
          text: statement.text,
          values: statement.values(parameters),
        },
      ];
      const rows = await answerTo(batch, statement);
      return rows.map(statement.row);
    },

    async check(timeoutMs) {
      try {
        await connections.run([{ name: '', text: 'select 1', values: [] }], timeoutMs);
      } catch (error) {
        throw new SluiceError('unavailable', 'Postgres does not answer', { cause: error });
      }
    },

    gauges: connections.gauges,
    close: connections.close,
  };
}

function enterStatements(
  scope: RequestScope,
  { runs }: { readonly runs: Statement<never, unknown>['runs'] },
  prepare: boolean,
): BatchStatement[] {
  const { role, further } =
    runs === 'ledger' ? LEDGER_ENTRANCE : entranceOf(scope, runs === 'gateway' ? GATEWAY_ROLE : scope.caller.role);
  const enter = enterStatement(scope, { role, readOnly: runs === 'caller-reads' }, prepare);
  return [enter, ...(prepare ? further : further.map(statement => ({ ...statement, name: '' })))];
}

/** The connection broke in mid-batch. Not one that could not be had, nor silence: asking again would double the wait. */
function isBroken(error: unknown): boolean {
  return !(error instanceof SluiceError) && isDeadConnection(error);
}

function enterStatement(
  scope: RequestScope,
  { role, readOnly }: { readonly role: string; readonly readOnly: boolean },
  prepare: boolean,
): BatchStatement {
  const { caller } = scope;
  return {
    name: prepare ? (readOnly ? 'enter_read_only' : 'enter') : '',
    text: readOnly ? ENTER_READ_ONLY : ENTER,
    values: [
      role,
      caller.claims,
      caller.subject ?? '',
      caller.role,
      scope.method,
      scope.path,
      scope.headers,
      scope.operation,
    ],
  };
}

/** Postgres tells prepared statements apart by their first 63 bytes. */
const MAX_NAME_LENGTH = 63;

/** Plans are kept per role: a name shared by two roles would be planned anew at every change (DESIGN §2). */
function statementName(scope: RequestScope, statement: { name: string; runs: string }): string {
  if (statement.runs === 'gateway' || statement.runs === 'ledger') return statement.name;
  const name = `${statement.name}:${scope.caller.role}`;
  if (name.length <= MAX_NAME_LENGTH) return name;
  return `${statement.name.slice(0, 30)}:${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/** The user of a connection URL. Not by `URL`: a socket's folder in the place of the host is none to it. */
function loginOf(connectionString: string): string {
  const [, user = ''] = /^[a-z]+:\/\/([^:@/]*)(?::[^@/]*)?@/i.exec(connectionString) ?? [];
  return decodeURIComponent(user);
}

/**
 * A login other than the gateway's own role (an administrator's URL, say) rests in the gateway's role, so that it has
 * no rights outside a caller's claims either. Poolers that refuse start-up options need the gateway's own login.
 */
function poolTarget(target: ConnectionTarget, statementTimeoutMs: number): pg.PoolConfig {
  const user = target.user ?? loginOf(target.connectionString ?? '');
  // The gateway's own login has all this as settings of its role (policies/roles.sql): poolers refuse start-up options.
  if (user === GATEWAY_ROLE) return { ...target };
  return {
    ...target,
    options: `-c role=${GATEWAY_ROLE} -c statement_timeout=${statementTimeoutMs} -c jit=off -c datestyle=ISO`,
  };
}
