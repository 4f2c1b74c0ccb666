/** Declares one test for each row of a table: its verdict over HTTP, and what changed. */
import { type Gateway, type StoreKind, startGateway } from '../support/gateway.ts';
import { askOverHttp, wireVerdict } from './http-door.ts';
import { isBelowHttp, isReading, type PolicyTable, type Row, titleOf } from './policy-table.ts';
import { applyPolicySet, type Snapshot, seed, snapshot } from './seeded-world.ts';

export function declareRows(store: StoreKind, tables: readonly PolicyTable[]): void {
  describe(`on the ${store} store`, () => {
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startGateway({ store });
    });
    afterAll(() => gateway.stop());

    describe.each(tables.map(table => [table.sentence, table] as const))('%s', (_, table) => {
      let before: Snapshot;
      beforeAll(async () => {
        await applyPolicySet(gateway.db, table);
        before = await seed(gateway, table);
      });

      it.each(table.rows.filter(row => !isBelowHttp(row)).map(row => [titleOf(row), row] as const))(
        '%s',
        async (_title, row) => {
          const answer = await askOverHttp(gateway, table, row);
          const after = await snapshot(gateway);
          const changed = JSON.stringify(after) !== JSON.stringify(before);
          const expected = before;
          if (changed) before = await seed(gateway, table);
          expect(answer).toBe(wireVerdict(row));
          if (!mayChange(row)) expect(after).toEqual(expected);
          else expect(changed).toBe(true);
          expectBytesOfEveryRow(after);
        },
      );
    });
  });
}

function mayChange(row: Row): boolean {
  return row.verdict === 'allowed' && !isReading(row);
}

/** Every row names bytes that exist, and every blob is in the ledger for a row that names it. */
function expectBytesOfEveryRow({ objects, ledger, bytes }: Snapshot): void {
  const named = new Set(objects.map(({ version }) => version));
  expect(ledger.map(({ version, state }) => `${version} ${state}`)).toEqual([...named].sort().map(v => `${v} live`));
  expect(Object.keys(bytes).sort()).toEqual(ledger.map(blob => blob.store_key).sort());
}
