/** From the headers of a request to its caller. Decides nothing: what a caller may do is for the policies. */
import { ANONYMOUS, type Caller } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { readBearer } from './read-credentials.ts';
import type { TokenVerifier } from './token-verifier.ts';

/**
 * How an operation treats credentials: `signed-in` needs more than the key that every visitor has; `optional` ignores a bad token, as public objects stay readable without one;
 * `offered` refuses a bad token, and takes none for anonymity.
 */
export type Login = 'signed-in' | 'required' | 'optional' | 'offered' | 'none';

export interface LoginJudges {
  readonly verifier: TokenVerifier;
  readonly onIgnored?: ((refusal: SluiceError) => void) | undefined;
}

/**
 * Throws `missing-credentials` where a login is required, `invalid-token` where a bad one is not ignored; `onIgnored` is
 * told of one that is.
 */
export function callerOfHeaders(
  headers: { readonly authorization?: string | undefined },
  login: Login,
  { verifier, onIgnored }: LoginJudges,
): Caller {
  if (login === 'none') return ANONYMOUS;
  const token = readBearer(headers);
  if (login === 'optional') return token === null ? ANONYMOUS : verifyOrAnonymous(token, { verifier, onIgnored });
  if (token === null) {
    if (login === 'offered') return ANONYMOUS;
    throw new SluiceError('missing-credentials', "headers must have required property 'authorization'");
  }
  const caller = verifier.verify(token);
  if (login === 'signed-in' && caller.role === ANONYMOUS.role) {
    throw new SluiceError('missing-credentials', 'the token is that of every visitor');
  }
  return caller;
}

function verifyOrAnonymous(token: string, { verifier, onIgnored }: LoginJudges): Caller {
  try {
    return verifier.verify(token);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'invalid-token') throw error;
    onIgnored?.(error);
    return ANONYMOUS;
  }
}
