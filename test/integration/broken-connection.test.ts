/**
 * Work on a connection of its own, which breaks in the middle. Each of these once ended the whole process instead: with the
 * stack of an error that nobody had caught, and an embedded Postgres left running.
 */

import type { ConnectionTarget } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openRooms } from '../../src/database/open-rooms.ts';
import { runSql } from '../../src/database/run-sql.ts';
import { PACKAGE_ROOT } from '../support/gateway.ts';
import { addressOf, through } from '../support/postgres-wire.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { until } from '../support/until.ts';
import { startWeakLink, type WeakLink } from '../support/weak-link.ts';

let db: TestDatabase;
let link: WeakLink;
let target: ConnectionTarget;

beforeAll(async () => {
  db = await cloneTestDatabase();
  link = await startWeakLink(addressOf(db.target));
  target = through(db.target, link.port);
});
afterAll(async () => {
  await link.stop();
  await db.drop();
});

/** Until the test is over, nobody else gets what these wait for. */
const holdLocks = () =>
  db.sql(`select pg_advisory_lock(126933671633765), pg_advisory_lock(hashtextextended('sluice.open_rooms', 0))`);

const isAtWork = (purpose: string) =>
  db.sql(
    `select from pg_stat_activity where datname = current_database() and application_name = $1 and state = 'active'
       and wait_event is not null`,
    [`sluice ${purpose}`],
  );

describe('when its connection breaks, the work is rejected and the process lives:', () => {
  it.each([
    ['migrate', () => migrate(target, PACKAGE_ROOT)],
    ['user', () => openRooms(target, { packageRoot: PACKAGE_ROOT, backend: 'default' })],
    ['sql', () => runSql(target, 'select pg_sleep(600)')],
  ])('%s', async (purpose, work) => {
    await holdLocks();
    const outcome = work().then(
      () => 'done',
      (error: Error) => error.message,
    );
    await until(`${purpose} at work`, async () => (await isAtWork(purpose)).length === 1);
    await link.weaken({ state: 'reset' });
    expect(await outcome).toMatch(/^(read ECONNRESET|Connection terminated unexpectedly)$/);
    await link.weaken({});
  });
});
