/** What every handler of this surface is given, and how it comes to a scope. */
import type { Approach, Route } from '../../contract/bind-routes.ts';
import { ANONYMOUS, type RequestScope } from '../../domain/caller.ts';
import { parseTreePath, type TreePath } from '../../domain/tree-path.ts';
import { scopeByLogin } from '../../entrance/login-operation.ts';
import { makeRequestScope } from '../../http/request-scope.ts';
import type { Accounts } from '../../identity/accounts.ts';
import { callerOfHeaders, type Login } from '../../identity/caller-of-headers.ts';
import type { PathTokens } from '../../identity/path-tokens.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Core } from '../../operations/core.ts';

export interface Parts {
  readonly core: Core;
  readonly verifier: TokenVerifier;
  readonly pathTokens: PathTokens;
  readonly accounts: Accounts;
}

export type Asked = Route & Parts;

/** The path that the request is about, whoever asks. What is wrong with it is said to nobody without a login. */
export function pathAsked({ req, params, verifier }: Approach & Parts): TreePath {
  try {
    return parseTreePath(`${params.user ?? ''}/${params.wildcard ?? ''}`);
  } catch (error) {
    callerOfHeaders(req.headers, 'required', { verifier });
    throw error;
  }
}

export interface InTree {
  readonly path: TreePath;
  readonly operation: string;
  readonly login: Login;
  /** What is needed besides entering. */
  readonly permits?: readonly string[];
}

/** A scope that the permit for the owner's tree is asked with, whatever then happens in it. */
export function scopeInTree(asked: Approach & Parts, { path, permits = [], ...rest }: InTree): RequestScope {
  return scopeByLogin(asked, { ...rest, permits: ['home-tree', ...permits], target: path.owner }, asked.verifier);
}

/** A scope for whoever holds a path token, which says all there is to say. */
export function scopeOfToken(asked: Asked, operation: string): RequestScope {
  return makeRequestScope(asked, { caller: ANONYMOUS, operation });
}
