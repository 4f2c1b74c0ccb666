/**
 * Files of a file host with scoped sessions, and the staff's view of them (API 004). A translation between wire and
 * operations: who may is for the policies, which are asked for permits before anything of the request is read.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Approach, RouteHandler, Surface } from '../../contract/bind-routes.ts';
import type { RequestScope } from '../../domain/caller.ts';
import { SluiceError } from '../../domain/errors.ts';
import { killSwitchOf } from '../../domain/kill-switches.ts';
import { addressKey } from '../../domain/rate-limits.ts';
import { clientAddress } from '../../http/client-address.ts';
import { recordOf } from '../../http/request-record.ts';
import { makeRequestScope, pathOf } from '../../http/request-scope.ts';
import { sendJson } from '../../http/send-json.ts';
import { callerOfHeaders } from '../../identity/caller-of-headers.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import { type Admitted, admit, refund } from '../../operations/admit.ts';
import { type ErrorReply, errorReplyOf, UNKNOWN_ENDPOINT } from './errors.ts';
import { fileHandlers } from './files.ts';
import type { CumulonimbusHandler, Parts } from './handlers.ts';
import { killSwitchHandlers } from './kill-switches.ts';
import { type CumulonimbusOperation, OPERATIONS, type OperationFacts } from './operations.ts';
import { sessionHandlers } from './sessions.ts';
import { uploadHandlers } from './uploads.ts';

export interface CumulonimbusSurfaceOptions extends Parts {
  readonly verifier: TokenVerifier;
  readonly staffSecondFactor: 'optional' | 'required';
}

/** A request that has been let in, and what it took from its limit. */
interface Entry {
  readonly scope: RequestScope;
  readonly admitted: Admitted | null;
  /** What stops it once its fields are known to be right. */
  readonly refusal: SluiceError | null;
}

export function makeCumulonimbusSurface(options: CumulonimbusSurfaceOptions): Surface<Entry> {
  const { core, verifier, staffSecondFactor } = options;
  const entries = new WeakMap<ServerResponse, Entry>();
  const handlers: Record<CumulonimbusOperation, CumulonimbusHandler> = {
    ...fileHandlers,
    ...uploadHandlers,
    ...sessionHandlers,
    ...killSwitchHandlers,
  };

  async function enter(approach: Approach): Promise<Entry> {
    const { login, operation, forStaff, feature, limit, permits }: OperationFacts = factsOf(approach.operationId);
    const { req, res } = approach;
    res.setHeader('cache-control', 'no-store');
    const caller = callerOfHeaders(req.headers, login, verifier);
    const asked = forStaff && staffSecondFactor === 'required' ? withSecondFactor(permits) : permits;
    const scope = { ...makeRequestScope(approach, { caller, operation }), permits: asked };
    const by = [approach.operationId, caller.subject ?? addressKey(clientAddress(req))];
    // Whoever signs in may be of the staff, whom no switch stops; that is found out there, and tries are limited there.
    const admission = {
      ...(feature === undefined ? {} : { feature: killSwitchOf(feature) }),
      limit: { name: limit, by },
    };
    const answer =
      login === 'none' ? null : await admit(core, scope, admission).catch(error => asLateRefusal(error, limit));
    const refusal = answer instanceof SluiceError ? answer : null;
    const admitted = answer instanceof SluiceError ? null : answer;
    const entry = { scope, admitted, refusal };
    entries.set(res, entry);
    sayLimit(res, admitted);
    return entry;
  }

  async function fail(error: unknown, res: ServerResponse, operationId: string | null): Promise<void> {
    Object.assign(recordOf(res), { error, operationId });
    if (res.headersSent) return;
    const reply = errorReplyOf(error, operationId);
    const entry = entries.get(res);
    if (entry?.admitted && isFree(reply, factsOf(operationId))) {
      // Before the reply: whoever has read it may count on it. Where Postgres is away the count stays.
      await refund(core, entry.scope, entry.admitted).catch(() => {});
      sayLimit(res, null);
    } else if (reply.status === 429) {
      res.removeHeader('ratelimit-skipped');
    } else if (entry === undefined) {
      sayLimit(res, null);
    }
    sendJson({ res, ...reply });
  }

  const ids = Object.keys(handlers) as CumulonimbusOperation[];
  const bound = (handle: CumulonimbusHandler): RouteHandler<Entry> => {
    return async (route, { scope, refusal }) => {
      if (refusal !== null) throw refusal;
      await handle({ ...route, ...options, scope });
    };
  };
  return {
    tag: 'cumulonimbus',
    admit: enter,
    handlers: Object.fromEntries(ids.map(id => [id, bound(handlers[id])])),
    onError: (error, _req, res, operationId) => {
      fail(error, res, operationId).catch(() => res.destroy());
    },
    onUnknown: answerUnknown,
  };
}

function factsOf(operationId: string | null): OperationFacts {
  return OPERATIONS[operationId as CumulonimbusOperation];
}

/**
 * This API tells what is wrong with the fields before it tells that a feature is off or an endpoint's own limit reached.
 * That everything is off, or too much was asked in all, it tells first.
 */
function asLateRefusal(error: unknown, limit: OperationFacts['limit']): SluiceError {
  if (error instanceof SluiceError) {
    const { code, facts } = error;
    if (code === 'switched-off' && facts.feature !== killSwitchOf('GLOBAL')) return error;
    if (code === 'rate-limited' && limit !== 'default') return error;
  }
  throw error;
}

/** Asked between being of the staff and the scope, in the order in which this API tells them. */
function withSecondFactor([active = '', staff = '', ...scopes]: readonly string[]): readonly string[] {
  return [active, staff, 'second-factor', ...scopes];
}

function isFree({ status }: ErrorReply, { free }: OperationFacts): boolean {
  return status >= 500 || (free?.includes(status) ?? false);
}

const LIMIT_HEADERS = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'];

function sayLimit(res: ServerResponse, admitted: Admitted | null): void {
  for (const name of LIMIT_HEADERS) res.removeHeader(name);
  if (admitted === null) {
    res.setHeader('ratelimit-skipped', 'true');
    return;
  }
  res.setHeader('ratelimit-limit', admitted.limit);
  res.setHeader('ratelimit-remaining', admitted.remaining);
  res.setHeader('ratelimit-reset', admitted.resetSeconds);
}

function answerUnknown(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  if (/^\/api(?:\/|$)/.test(pathOf(req))) sendJson({ res, ...UNKNOWN_ENDPOINT });
  else next();
}
