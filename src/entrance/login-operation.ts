/** An operation that is asked for with a token, or by anybody: what a surface says of it in its table. */
import type { Approach } from '../contract/bind-routes.ts';
import type { Handle } from '../contract/bound-handlers.ts';
import { ANONYMOUS, type RequestScope } from '../domain/caller.ts';
import { errorCode } from '../domain/errors.ts';
import { recordOf } from '../http/request-record.ts';
import { type Asking, makeRequestScope } from '../http/request-scope.ts';
import { callerOfHeaders, type Login } from '../identity/caller-of-headers.ts';
import type { TokenVerifier } from '../identity/token-verifier.ts';

/** What policies are told and asked, and how credentials are treated. */
export interface LoginTerms extends Omit<Asking, 'caller'> {
  readonly login: Login;
}

/** What becomes of a request that has been let in. */
export interface Entered {
  readonly scope: RequestScope;
}

export interface LoginOperation<Asked> extends LoginTerms {
  readonly handle: Handle<Asked>;
}

/** The scope of whoever asks. Throws `missing-credentials` and `invalid-token`, as `callerOfHeaders` does. */
export function scopeByLogin(approach: Approach, terms: LoginTerms, verifier: TokenVerifier): RequestScope {
  const { login, operation, permits, target } = terms;
  const caller = callerOfHeaders(approach.req.headers, login, {
    verifier,
    onIgnored: refusal => {
      recordOf(approach.res).ignoredLogin = refusal.message;
    },
  });
  return makeRequestScope(approach, { caller, operation, permits, target });
}

/** A session that has ended is a bad token like any other: what is open to anybody stays open. */
export function openOnceEnded<Asked extends Entered>(handle: Handle<Asked>): Handle<Asked> {
  return asked =>
    handle(asked).catch(error => {
      if (errorCode(error) !== 'invalid-session') throw error;
      return handle({ ...asked, scope: { ...asked.scope, caller: ANONYMOUS } });
    });
}
