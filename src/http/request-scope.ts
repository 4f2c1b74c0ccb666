/**
 * From a request and its caller to a scope: what the policies are told. The same for every surface; who the caller is has
 * been settled before.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller, RequestScope } from '../domain/caller.ts';
import { makeClientSignal } from './client-signal.ts';
import { recordOf } from './request-record.ts';

/** Headers that are credentials; policies never see them. */
const CREDENTIALS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'apikey',
  'x-signature',
  'x-api-key',
  'password',
]);

export interface Asking {
  readonly caller: Caller;
  /** What policies read as `storage.operation()`. */
  readonly operation: string;
  /** As in the scope, where the operation asks for any. */
  readonly permits?: readonly string[] | undefined;
  readonly target?: string | undefined;
}

/** The scope of this request, whose operation and role are also written down for its log line. */
export function makeRequestScope(
  { req, res, operationId }: { req: IncomingMessage; res: ServerResponse; operationId: string },
  { caller, operation, permits, target }: Asking,
): RequestScope {
  Object.assign(recordOf(res), { operationId, role: caller.role, subject: caller.subject });
  const scope = {
    caller,
    operation,
    method: req.method ?? '',
    path: pathOf(req),
    headers: headersJson(req),
    signal: makeClientSignal(res),
    requestId: String(res.getHeader('x-request-id')),
  };
  if (permits === undefined) return scope;
  return target === undefined ? { ...scope, permits } : { ...scope, permits, target };
}

/** The path as it came, without the query, which may hold a token. */
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
