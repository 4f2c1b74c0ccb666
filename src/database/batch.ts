/**
 * Several statements under a single Sync: one round trip, one implicit transaction, no BEGIN and no COMMIT. An error in
 * any of them skips the rest and rolls all back. This is the only code that knows pg's wire-level connection; `pg`
 * accepts it through its documented extension point, an object with `submit` (pg-cursor is another).
 *
 * Statements are named and parsed once a connection. A name counts as prepared only at ParseComplete, because a
 * statement whose Parse was skipped after an earlier error does not exist on the server.
 */
import pg from 'pg';
import { SluiceError } from '../domain/errors.ts';
import { type WireValue, wireText } from './wire-value.ts';

export interface BatchStatement {
  /** Empty: unnamed, parsed each time (for connection poolers that cannot keep names apart). */
  readonly name: string;
  readonly text: string;
  readonly values: readonly WireValue[];
}

export type BatchRow = Record<string, unknown>;

interface Field {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/** The part of pg's Connection that a Submittable drives; pg publishes no types for it. */
interface WireConnection {
  readonly stream: { cork(): void; uncork(): void; destroy(): void };
  parse(query: { name: string; text: string }): void;
  bind(query: { statement: string; values: (string | null)[] }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(query: { portal: string }): void;
  sync(): void;
  on(event: 'parseComplete', listener: () => void): void;
  off(event: 'parseComplete', listener: () => void): void;
}

/**
 * Per connection: the prepared names, each with its result columns. Null until a Describe has been answered with columns:
 * a statement whose first Bind was refused is prepared all the same, and is described again at its next use.
 */
const preparedOn = new WeakMap<WireConnection, Map<string, readonly Field[] | null>>();

/** Closes a connection at once and without a word, for one that may never answer again. Its batch fails. */
export function cutConnection(client: pg.PoolClient): void {
  (client as unknown as { connection: WireConnection }).connection.stream.destroy();
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;

function parserOf(dataTypeID: number): (text: string) => unknown {
  if (dataTypeID === INT8) return Number; // sizes and counts stay below 2^53
  if (dataTypeID === TIMESTAMPTZ) return text => text; // kept as text: exact to the microsecond, and cheaper
  return pg.types.getTypeParser(dataTypeID, 'text');
}

/** Resolves to the rows of the last statement. Rejects with Postgres's own error, or a connection error. */
export class Batch {
  readonly rows: Promise<BatchRow[]>;
  private readonly statements: readonly BatchStatement[];
  private readonly collected: BatchRow[] = [];
  private resolve: (rows: BatchRow[]) => void = () => {};
  private reject: (error: unknown) => void = () => {};
  private connection: WireConnection | null = null;
  private parsing: BatchStatement[] = [];
  private running = 0;
  private fields: readonly Field[] | null = null;
  private failure: unknown = null;

  constructor(statements: readonly BatchStatement[]) {
    this.statements = statements;
    this.rows = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.rows.catch(() => {}); // whoever waits learns of it; a batch that could not even be sent has nobody waiting
  }

  submit(connection: WireConnection): null {
    this.connection = connection;
    const prepared = preparedOn.get(connection) ?? new Map<string, readonly Field[] | null>();
    preparedOn.set(connection, prepared);
    connection.stream.cork();
    try {
      for (const statement of this.statements) {
        const columns = statement.name === '' ? undefined : prepared.get(statement.name);
        if (columns === undefined) {
          connection.parse({ name: statement.name, text: statement.text });
          this.parsing.push(statement);
        }
        connection.bind({ statement: statement.name, values: statement.values.map(wireText) });
        if (columns == null) connection.describe({ type: 'P', name: '' });
        connection.execute({ portal: '' });
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    if (this.parsing.length > 0) connection.on('parseComplete', this.handleParseComplete);
    this.fields = this.fieldsOf(0);
    return null;
  }

  private readonly handleParseComplete = (): void => {
    const statement = this.parsing.shift();
    if (statement !== undefined && statement.name !== '') this.prepared()?.set(statement.name, null);
    if (this.parsing.length === 0) this.connection?.off('parseComplete', this.handleParseComplete);
  };

  handleRowDescription(message: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.fields = message.fields.map(field => ({ name: field.name, parse: parserOf(field.dataTypeID) }));
    const name = this.statements[this.running]?.name ?? '';
    if (name !== '') this.prepared()?.set(name, this.fields);
  }

  handleDataRow(message: { fields: readonly (string | null)[] }): void {
    if (this.running < this.statements.length - 1 || this.fields === null || this.failure !== null) return;
    try {
      const row: BatchRow = {};
      for (const [index, field] of this.fields.entries()) {
        const text = message.fields[index] ?? null;
        row[field.name] = text === null ? null : field.parse(text);
      }
      this.collected.push(row);
    } catch (error) {
      this.failure = new SluiceError('internal', 'A value of the database cannot be read', { cause: error });
    }
  }

  handleCommandComplete(): void {
    this.running += 1;
    this.fields = this.fieldsOf(this.running);
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handleReadyForQuery(): void {
    if (this.failure === null) this.resolve(this.collected);
    else this.reject(this.failure);
  }

  /** Rejects now; whatever is still to come is dropped. The connection is of no further use. */
  giveUp(error: unknown): void {
    this.handleError(error);
  }

  handleError(error: unknown): void {
    this.connection?.off('parseComplete', this.handleParseComplete);
    this.reject(error);
  }

  private prepared(): Map<string, readonly Field[] | null> | undefined {
    return this.connection === null ? undefined : preparedOn.get(this.connection);
  }

  private fieldsOf(index: number): readonly Field[] | null {
    const name = this.statements[index]?.name ?? '';
    return name === '' ? null : (this.prepared()?.get(name) ?? null);
  }
}
