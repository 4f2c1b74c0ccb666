/** Every row of every table, through HTTP on a whole gateway: the verdict, and that a refusal changes nothing. */
import { HAS_S3 } from '../support/gateway.ts';
import { loadTables } from './policy-table.ts';
import { declareRows } from './rows-over-http.ts';

const tables = loadTables();

declareRows('file', tables);

// Verdicts do not depend on the store; one set shows that refusals leave nothing behind on S3 either.
if (HAS_S3) {
  declareRows(
    's3',
    tables.filter(({ set }) => set === 'public-read-owner-write'),
  );
}
