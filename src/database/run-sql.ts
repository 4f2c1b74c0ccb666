/** An administrator's own SQL, outside every policy; for the `sql` command, which serves the embedded Postgres as psql would. */
import type { ConnectionTarget } from './database.ts';
import { withClient } from './with-client.ts';

export interface SqlResult {
  /** What Postgres says it did, such as `CREATE` or `SELECT`. */
  readonly command: string;
  /** How many rows it returned or changed; null for a statement that has none, such as `CREATE`. */
  readonly count: number | null;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Runs all statements of the text in one transaction. Rejects with Postgres's own error, nothing done. */
export async function runSql(target: ConnectionTarget, text: string): Promise<SqlResult[]> {
  return withClient(target, 'sql', async client => {
    const results = await client.query({ text, rowMode: 'array' });
    return [results].flat().map(result => ({
      command: result.command ?? '',
      count: result.rowCount,
      columns: result.fields.map(field => field.name),
      rows: result.rows as unknown[][],
    }));
  });
}
