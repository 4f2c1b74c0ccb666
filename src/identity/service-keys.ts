/** The two long-lived tokens that applications are configured with. */
import type { Clock } from './clock.ts';
import { signToken } from './sign-token.ts';

const TEN_YEARS_SECONDS = 10 * 365 * 24 * 60 * 60;

export interface ServiceKeys {
  /** For browsers: the role `anon`. */
  readonly anonKey: string;
  /** For servers, and secret: the role `service_role`, which no policy restrains. */
  readonly serviceKey: string;
}

/** Both keys, valid for ten years from now. */
export function makeServiceKeys({ secret, clock }: { secret: string; clock: Clock }): ServiceKeys {
  const key = (role: string) => signToken({ role }, { secret, lifetimeSeconds: TEN_YEARS_SECONDS, clock });
  return { anonKey: key('anon'), serviceKey: key('service_role') };
}
