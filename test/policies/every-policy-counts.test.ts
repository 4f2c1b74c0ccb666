/**
 * The tables notice every policy: without it, or with it opened to everything, some row of its set changes its verdict.
 * A policy that no row needs is either idle or untested. Rows are asked of the operations, below HTTP.
 */
import { type Gateway, startGateway } from '../support/gateway.ts';
import { askCore } from './core-door.ts';
import { isReading, loadTables, type PolicyTable, type Row, titleOf } from './policy-table.ts';
import { applyPolicySet, dropPolicies, type Policy, policiesOf, readPolicySet, seedRows } from './seeded-world.ts';

const tables = loadTables();
const policies = tables.flatMap(table =>
  [...readPolicySet(table.set, []).matchAll(/^create policy (\w+) on (\S+) for (\w+)/gm)].map(
    ([, name = '', on = '', command = '']) => [table.set, { name, on, command, table }] as const,
  ),
);

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

describe.each(tables.map(table => [table.set, table] as const))('%s', (set, table) => {
  const ofSet = policies.filter(([name]) => name === set).map(([, policy]) => [policy.name, policy] as const);

  it('gives every row its verdict below HTTP as well', async () => {
    await applyPolicySet(gateway.db, table);
    expect(await rowsThatTurn(table, { all: true })).toEqual([]);
  });

  it('allows nothing without its policies, but to the service and of what is public', async () => {
    await dropPolicies(gateway.db);
    const isPublic = ({ what }: Row) => table.buckets[table.objects[what]?.in ?? '']?.public === true;
    const granted = table.rows.filter(row => row.verdict === 'allowed' && row.who !== 'service' && !isPublic(row));
    await seedRows(gateway.db, table);
    for (const row of granted)
      expect([titleOf(row), await askCore(gateway.app.core, table, row)]).not.toContain('allowed');
    expect(granted.length).toBeGreaterThan(0);
  });

  it('is read whole', async () => {
    const applied = await applyPolicySet(gateway.db, table);
    expect(applied.map(({ name }) => name)).toEqual(ofSet.map(([name]) => name).sort());
  });

  it.each(ofSet)('needs %s', async (_, policy) => {
    await applyPolicySet(gateway.db, table);
    await gateway.db.sql(`drop policy ${policy.name} on ${policy.on}`);
    expect(await policiesOf(gateway.db)).not.toContainEqual(pick(policy));
    expect(await rowsThatTurn(table, { all: false })).toHaveLength(1);
  });

  // An update or a delete reaches only rows that the caller sees, so the `using` of those is often an equal of select's.
  const opened = ofSet.filter(([, { command }]) => ['select', 'insert', 'all'].includes(command));
  it.each(opened)('needs the condition of %s', async (_, policy) => {
    await applyPolicySet(gateway.db, table);
    const using = policy.command === 'insert' ? '' : 'using (true)';
    const check = policy.command === 'select' ? '' : 'with check (true)';
    await gateway.db.sql(`alter policy ${policy.name} on ${policy.on} ${using} ${check}`);
    expect(await rowsThatTurn(table, { all: false })).toHaveLength(1);
  });
});

function pick({ name, on }: Policy): Policy {
  return { name, on };
}

/** The rows whose verdict differs now; the first one alone unless all are wanted. */
async function rowsThatTurn(table: PolicyTable, { all }: { all: boolean }): Promise<string[]> {
  const turned: string[] = [];
  await seedRows(gateway.db, table);
  for (const row of table.rows) {
    const verdict = await askCore(gateway.app.core, table, row);
    if (verdict !== row.verdict) turned.push(`${titleOf(row)}, but now ${verdict}`);
    if (turned.length > 0 && !all) break;
    if (verdict === 'allowed' && !isReading(row)) await seedRows(gateway.db, table);
  }
  return turned;
}
