/** What `sluice user` does, on a short visit to the database. */
import type { App } from '../app.ts';
import type { ConnectionTarget } from '../database/database.ts';
import { checkRooms, openRooms } from '../database/open-rooms.ts';
import type { RequestScope } from '../domain/caller.ts';
import { makeAccountKeeper } from '../identity/manage-accounts.ts';
import { makePasswords } from '../identity/passwords.ts';
import { makeTotpSecret, otpauthUrl } from '../identity/totp.ts';
import type { Changed, UserCommandParts, UserWishes } from './user-command.ts';

export interface UserActionsParts {
  readonly packageRoot: string;
  readonly visit: <Result>(
    work: (app: App, scope: RequestScope, adminTarget: ConnectionTarget) => Promise<Result>,
  ) => Promise<Result>;
}

export function makeUserActions({
  packageRoot,
  visit,
}: UserActionsParts): Pick<UserCommandParts, 'add' | 'set' | 'remove' | 'list'> {
  const change = (verb: 'add' | 'set') => (username: string, wishes: UserWishes) =>
    visit(async (app, scope, adminTarget): Promise<Changed> => {
      const { totp, ...others } = wishes;
      const secret = totp === true ? makeTotpSecret() : null;
      // Before anybody can sign in who would keep files in somebody else's bucket.
      if (verb === 'add' || wishes.backend !== undefined) {
        await checkRooms(adminTarget, { backend: wishes.backend ?? 'default' });
      }
      const user = await keeperOf(app)[verb](scope, username, {
        ...others,
        ...(totp === undefined ? {} : { totpSecret: secret }),
      });
      const made = await openRooms(adminTarget, { packageRoot, backend: user.backend });
      return {
        user,
        otpauthUrl: secret === null ? null : otpauthUrl({ secret, username }),
        made: [...made.buckets.map(id => `the bucket ${id}`), ...made.policySets],
      };
    });
  return {
    add: change('add'),
    set: change('set'),
    remove: username => visit((app, scope) => keeperOf(app).remove(scope, username)),
    list: () => visit((app, scope) => keeperOf(app).list(scope)),
  };
}

function keeperOf({ core }: App) {
  return makeAccountKeeper({ database: core.database, passwords: makePasswords({ maxAtOnce: 1 }) });
}
