/**
 * From a request to a scope: who asks, and what the policies are told. Nothing is decided here; a route that needs no
 * login passes as `anon`, and the policies or the link decide.
 */
import type { IncomingMessage } from 'node:http';
import type { Route } from '../../contract/bind-routes.ts';
import { ANONYMOUS, type Caller, type RequestScope } from '../../domain/caller.ts';
import { SluiceError } from '../../domain/errors.ts';
import { makeClientSignal } from '../../http/client-signal.ts';
import { readBearer } from '../../identity/read-credentials.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';

/** How an operation treats credentials: `optional` ignores a bad token, as public objects stay readable without one. */
export type Login = 'required' | 'optional' | 'none';

export interface OperationFacts {
  /** What policies read as `storage.operation()`. */
  readonly operation: string;
  readonly login: Login;
}

/** Headers that are credentials; policies never see them. */
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie', 'apikey', 'x-signature', 'x-api-key']);

/** Throws `missing-credentials` and `invalid-token` where a login is required. */
export function scopeOfRoute(route: Route, facts: OperationFacts, verifier: TokenVerifier): RequestScope {
  const { req, res } = route;
  return {
    caller: callerOf(req, facts.login, verifier),
    operation: facts.operation,
    method: req.method ?? '',
    path: pathOf(req),
    headers: headersJson(req),
    signal: makeClientSignal(res),
    requestId: String(res.getHeader('x-request-id')),
  };
}

function callerOf(req: IncomingMessage, login: Login, verifier: TokenVerifier): Caller {
  if (login === 'none') return ANONYMOUS;
  const token = readBearer(req.headers);
  if (login === 'optional') return token === null ? ANONYMOUS : verifyOrAnonymous(token, verifier);
  if (token === null) {
    throw new SluiceError('missing-credentials', "headers must have required property 'authorization'");
  }
  return verifier.verify(token);
}

function verifyOrAnonymous(token: string, verifier: TokenVerifier): Caller {
  try {
    return verifier.verify(token);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'invalid-token') return ANONYMOUS;
    throw error;
  }
}

/** The path as it came, without the query, which may hold a link's token. */
export function pathOf(req: IncomingMessage): string {
  const url = req.url ?? '/';
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

function headersJson(req: IncomingMessage): string {
  const shown: Record<string, unknown> = {};
  for (const name in req.headers) {
    if (!CREDENTIALS.has(name)) shown[name] = req.headers[name];
  }
  return JSON.stringify(shown);
}
