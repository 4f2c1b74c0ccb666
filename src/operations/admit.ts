/**
 * Letting a request in where an API has kill switches and rate limits: a transaction of its own, so that what is counted
 * stays counted whatever becomes of the request.
 */
import { giveBack } from '../database/queries/accounts.ts';
import {
  admit as admitStatement,
  type KillSwitch,
  listKillSwitches,
  setKillSwitches as setStatement,
} from '../database/queries/admission.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { killSwitchOf } from '../domain/kill-switches.ts';
import type { RateLimitName } from '../domain/rate-limits.ts';
import type { Core } from './core.ts';

export interface Admission {
  /** The kill switch of what is asked for; the one for everything counts in any case. */
  readonly feature?: number;
  /** Which limit counts, and whom or what it counts: texts that together name one window. */
  readonly limit?: { readonly name: RateLimitName; readonly by: readonly string[] };
}

/** What a limit has left after this request. */
export interface Admitted {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
  /** For `refund`. */
  readonly key: string;
  readonly windowEnd: string;
}

/**
 * Checks the scope's session and permits, then the switches, then takes one from the limit: one round trip. Null where
 * nothing is counted. Throws `invalid-session`, `not-permitted`, `switched-off` (fact `feature`; never for a caller who
 * has the permit `past-kill-switches`) and `rate-limited` (facts `limit`, `remaining`, `resetSeconds`), which counts nothing.
 */
export async function admit(
  core: Core,
  scope: RequestScope,
  { feature, limit }: Admission = {},
): Promise<Admitted | null> {
  const rule = limit === undefined ? null : core.rateLimits[limit.name];
  const key = limit === undefined ? '' : [limit.name, ...limit.by].join('|');
  const [taken] = await core.database.run(scope, admitStatement, {
    role: scope.caller.role,
    feature: feature ?? null,
    limit: rule === null ? null : { key, ...rule },
  });
  return rule === null || taken === undefined ? null : { limit: rule.count, key, ...taken };
}

export interface Deferred {
  /** Null where nothing was counted. */
  readonly admitted: Admitted | null;
  /** What stops the request once it has turned out to be well formed. */
  readonly refusal: SluiceError | null;
}

/**
 * As `admit`, for an API that says what is wrong with a request before it says that a feature is off or an endpoint's own
 * limit reached: that is given and not thrown. That everything is off, or too much was asked in all, is thrown.
 */
export async function admitOrDefer(core: Core, scope: RequestScope, admission: Admission): Promise<Deferred> {
  try {
    return { admitted: await admit(core, scope, admission), refusal: null };
  } catch (error) {
    if (error instanceof SluiceError && concernsItAlone(error, admission)) return { admitted: null, refusal: error };
    throw error;
  }
}

function concernsItAlone({ code, facts }: SluiceError, { limit }: Admission): boolean {
  if (code === 'switched-off') return facts.feature !== killSwitchOf('GLOBAL');
  return code === 'rate-limited' && limit?.name !== 'default';
}

/** Gives back what `admit` took, for a request that does not count after all. Nothing where its window is over. */
export async function refund(core: Core, scope: RequestScope, { key, windowEnd }: Admitted): Promise<void> {
  await core.database.run(scope, giveBack, { keys: [key], windowEnds: [windowEnd] });
}

/** All nine, by their ids. Who may see them is for the scope's permits. */
export function findKillSwitches(core: Core, scope: RequestScope): Promise<readonly KillSwitch[]> {
  return core.database.run(scope, listKillSwitches, null);
}

/** Takes effect with the next request of any process. `id` null: all. Who may set them is for the scope's permits. */
export async function setKillSwitches(
  core: Core,
  scope: RequestScope,
  change: { readonly id: number | null; readonly enabled: boolean },
): Promise<void> {
  await core.database.run(scope, setStatement, change);
}
