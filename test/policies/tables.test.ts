/** The tables themselves: valid, complete, and about every policy set there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../support/gateway.ts';
import {
  bucketIn,
  isOnBucket,
  loadTables,
  makeTableCheck,
  objectIn,
  type Row,
  readTableSchema,
  readTables,
  titleOf,
} from './policy-table.ts';

const POLICIES = join(PACKAGE_ROOT, 'policies');
const OURS = new Set(['roles.sql', 'grants.sql']);

const VERBS = readTableSchema().properties.rows.items.properties.does.enum;
/** What a permit or an address decides: no set denies it to everybody, and the service is denied nothing. */
const PERMITTED = new Set(['enters', 'views', 'views in a public folder', 'has the permit']);
const PEOPLE = ['anon', 'alice', 'bob', 'service'];

describe('a table', () => {
  const findings = makeTableCheck();
  const row = { who: 'alice', does: 'uploads', what: 'a note', verdict: 'allowed' };
  const table = { set: 's', sentence: 'S.', buckets: { b: { id: 'b' } }, objects: {}, rows: [row] };

  it.each([
    ['a misspelt key of a row', { ...table, rows: [{ ...row, verdikt: 'allowed' }] }, 'verdikt'],
    ['a row without a verdict', { ...table, rows: [{ who: 'alice', does: 'uploads', what: 'a note' }] }, 'verdict'],
    ['an unknown verb', { ...table, rows: [{ ...row, does: 'upload' }] }, '/rows/0/does'],
    ['an unknown person', { ...table, rows: [{ ...row, who: 'mallory' }] }, '/rows/0/who'],
    ['an unknown verdict', { ...table, rows: [{ ...row, verdict: 'access_denied' }] }, '/rows/0/verdict'],
    ['an unknown key of a bucket', { ...table, buckets: { b: { id: 'b', limit: 3 } } }, 'limit'],
    ['an unknown key of an object', { ...table, objects: { o: { name: 'o', owner: 'alice' } } }, 'owner'],
    ['an unknown key of the table', { ...table, message: 'x' }, 'message'],
  ])('refuses %s', (_, bad, named) => {
    expect(findings(bad).join()).toContain(named);
  });

  it('may be as small as one row', () => {
    expect(findings(table)).toEqual([]);
  });
});

describe('the tables', () => {
  const tables = loadTables();
  const readme = readFileSync(join(POLICIES, 'README.md'), 'utf8');

  it('are one for each ready-made set, named after it', () => {
    const sets = readdirSync(POLICIES).filter(file => file.endsWith('.sql') && !OURS.has(file));
    expect(sets.length).toBeGreaterThanOrEqual(6);
    expect([...readTables()].map(([file, table]) => [file, `${table.set}.sql`])).toEqual(
      sets.map(set => [set.replace('.sql', '.yaml'), set]),
    );
  });

  it.each(tables.map(table => [table.set, table] as const))('%s says in one sentence what its set does', (_, table) => {
    expect(readFileSync(join(POLICIES, `${table.set}.sql`), 'utf8')).toMatch(`-- ${table.sentence}`);
    expect(readme).toContain(`| \`${table.set}.sql\` | ${table.sentence} |`);
  });

  it.each(tables.map(table => [table.set, table] as const))('%s says each thing once', (_, table) => {
    const titles = table.rows.map(row => titleOf({ ...row, verdict: 'allowed' }));
    expect(titles).toEqual([...new Set(titles)]);
  });

  it.each(tables.map(table => [table.set, table] as const))(
    '%s uses every phrase it defines, and no other',
    (_, table) => {
      for (const row of table.rows) {
        if (isOnBucket(row)) bucketIn(table, row.what);
        else expect(objectIn(table, row.what).name).not.toMatch(/[{}]/);
        const relocates = /^(moves|copies)/.test(row.does);
        if (row.does === 'has the permit') continue; // `to` is a person here, where it is said

        expect([row, row.to !== undefined]).toEqual([row, relocates]);
        if (row.does.startsWith('moves')) {
          const across = objectIn(table, row.what).bucket !== objectIn(table, row.to).bucket;
          expect([row, row.does]).toEqual([row, across ? 'moves across buckets' : 'moves']);
        }
      }
      const used = new Set(table.rows.flatMap(({ what, to }) => [what, to]));
      expect(Object.keys(table.objects).filter(phrase => !used.has(phrase))).toEqual([]);
    },
  );

  it('allow and deny every operation to every role at least once', () => {
    const rows = tables.flatMap(table => table.rows);
    const told = (who: string, does: string, matches: (row: Row) => boolean) =>
      rows.some(row => row.who === who && row.does === does && matches(row));
    const missing = VERBS.filter(does => !PERMITTED.has(does)).flatMap(does =>
      PEOPLE.flatMap(who => [
        ...(told(who, does, row => row.verdict === 'allowed') ? [] : [`${who} ${does}: never allowed`]),
        ...(told(who, does, row => row.verdict !== 'allowed') ? [] : [`${who} ${does}: never denied`]),
      ]),
    );
    expect(missing).toEqual([]);
    expect(rows.filter(row => !VERBS.includes(row.does))).toEqual([]);
  });
});
