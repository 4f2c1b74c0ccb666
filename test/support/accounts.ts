/**
 * The people of the tests (FIVE-APIS A5), with their rooms and sessions, in the database of a gateway. Their passwords are
 * right for `signIn` as well, at the least work that a hash may have, so that tests do not wait for what is slow on purpose.
 */
import { randomBytes, scryptSync } from 'node:crypto';
import { openRooms, type RoomsMade } from '../../src/database/open-rooms.ts';
import { signToken } from '../../src/identity/sign-token.ts';
import { JWT_SECRET, PACKAGE_ROOT } from './gateway.ts';
import type { TestDatabase } from './test-database.ts';

export const PASSWORD = 'correct horse battery staple';

/** A secret for TOTP, in base32. */
export const TOTP_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

interface Traits {
  readonly verified?: boolean;
  readonly banned?: boolean;
  readonly staff?: boolean;
  readonly admin?: boolean;
  readonly backend?: string;
  readonly totp_secret?: string;
}

const PEOPLE = {
  alice: { verified: true },
  bob: { verified: true },
  carol: {},
  dave: { verified: true, banned: true },
  adm: { verified: true, admin: true },
  stf: { verified: true, staff: true, totp_secret: TOTP_SECRET },
  stf0: { verified: true, staff: true },
} satisfies Readonly<Record<string, Traits>>;

export type Person = keyof typeof PEOPLE;

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly accountId: number;
  readonly uid: string;
  /** Of a session that is not scoped, an hour long. */
  readonly token: string;
}

/** Adds the people and opens the rooms. */
export async function addPeople(db: TestDatabase): Promise<Readonly<Record<Person, Account>>> {
  await openTestRooms(db);
  const entries: [string, Account][] = [];
  for (const [username, traits] of Object.entries(PEOPLE))
    entries.push([username, await addPerson(db, username, traits)]);
  return Object.fromEntries(entries) as Record<Person, Account>;
}

/** One more, by whatever name. */
export async function addPerson(db: TestDatabase, username: string, traits: Traits = {}): Promise<Account> {
  const changes = JSON.stringify({ email: `${username}@example.com`, ...traits, password_hash: cheapHash(PASSWORD) });
  await db.sql('select sluice.add_account($1, $2)', [username, changes]);
  const [row] = await db.sql<{ id: string; account_id: number; uid: string }>(
    'select id, account_id, uid from sluice.accounts where username = $1',
    [username],
  );
  if (row === undefined) throw new Error(`${username} was not added`);
  const { token } = await openSessionFor(db, username);
  return { id: row.id, username, accountId: row.account_id, uid: row.uid, token };
}

export interface TestSession {
  readonly id: string;
  readonly token: string;
}

/** A session without signing in. `scopes` are bit flags; left out, the session is not scoped. */
export async function openSessionFor(
  db: TestDatabase,
  username: string,
  { scopes = null, lifetimeSeconds = 3600 }: { scopes?: number | null; lifetimeSeconds?: number } = {},
): Promise<TestSession> {
  const [made] = await db.sql<{ id: string; claims: Record<string, unknown> }>(
    `select m.* from sluice.accounts a, sluice.make_session(a, 'test', $2, $3 * interval '1 second') m
     where a.username = $1`,
    [username, scopes, lifetimeSeconds],
  );
  if (made === undefined) throw new Error(`there is no ${username}`);
  const claims = { ...made.claims, role: 'authenticated', iss: 'sluice' };
  return { id: made.id, token: signToken(claims, { secret: JWT_SECRET, lifetimeSeconds, clock: Date }) };
}

/** Changes what an account is, as `sluice user set` does. */
export async function changePerson(db: TestDatabase, username: string, traits: Traits): Promise<void> {
  await db.sql('select sluice.change_account($1, $2)', [username, JSON.stringify(traits)]);
}

/** Buckets and policies as the first account finds them. */
export function openTestRooms(db: TestDatabase, backend = 'default'): Promise<RoomsMade> {
  return openRooms(db.target, { packageRoot: PACKAGE_ROOT, backend });
}

/** A hash of the least work. */
export function cheapHash(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { N: 2, r: 1, p: 1 });
  return `scrypt$1$1$1$${salt.toString('base64url')}$${key.toString('base64url')}`;
}
