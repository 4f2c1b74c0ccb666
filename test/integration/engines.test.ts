/** A Postgres of one's own, with a login apart for requests: what a start makes of a login that is refused. */
import { startPostgresEngine } from '../../src/command-line/engines.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { JWT_SECRET, PACKAGE_ROOT } from '../support/gateway.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneTestDatabase();
});
afterAll(() => db.drop());

/** The database by URL, as its administrator or as somebody else. */
function urlOf({ target }: TestDatabase, user?: string): string {
  if (target.connectionString !== undefined) {
    const url = new URL(target.connectionString);
    if (user !== undefined) url.username = user;
    return url.href;
  }
  const { host = '', port = '' } = target;
  const query = new URLSearchParams({ host, port: String(port), user: user ?? target.user ?? '' });
  return `postgresql:///${target.database}?${query}`;
}

const start = (stay: 'hold' | 'visit', user: string) => {
  const env = { JWT_SECRET, DATABASE_ADMIN_URL: urlOf(db), DATABASE_URL: urlOf(db, user) };
  const config = readConfig(env, { readFile: () => '', generatedSecret: () => '' });
  const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  return startPostgresEngine({ config, packageRoot: PACKAGE_ROOT, log, stay });
};

it('names the setting whose login is refused, before any request comes', async () => {
  await expect(start('hold', 'nobody_there')).rejects.toThrow(
    /^Postgres at .* refuses the login of DATABASE_URL \(.*nobody_there.*\); correct user and password\.$/,
  );
});

it('does not ask for that login where it only visits, as before the first migration', async () => {
  const engine = await start('visit', 'nobody_there');
  expect(engine.applied).toEqual([]);
  await engine.stop();
});

it('is content with a login that is let in', async () => {
  const engine = await start('hold', 'sluice_gateway');
  expect(engine.target).toEqual({ connectionString: urlOf(db, 'sluice_gateway') });
  await engine.stop();
});
