/** Asks for the permits of a request where nothing else of the database is needed. */
import { askNothing } from '../database/queries/tree.ts';
import type { RequestScope } from '../domain/caller.ts';
import type { Core } from './core.ts';

/** Throws `not-permitted` for the first permit of the scope that no policy shows to the caller, and `invalid-session`. */
export async function demandPermits(core: Core, scope: RequestScope): Promise<void> {
  await core.database.run(scope, askNothing, undefined);
}
