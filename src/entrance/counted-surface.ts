/**
 * What an API with kill switches and rate limits does with a request before and after its operation: before anything of it
 * is read it is let in and counted, in one round trip, and the reply says so; where it fails in a way that does not count,
 * the count is given back. Which switches and limits, and how refusals are said, is for the surface.
 */
import type { Approach, Route, RouteHandler, Surface } from '../contract/bind-routes.ts';
import { boundHandlers, type Handle, operationOf } from '../contract/bound-handlers.ts';
import { SluiceError } from '../domain/errors.ts';
import { type Feature, killSwitchOf } from '../domain/kill-switches.ts';
import { addressKey, type RateLimitName } from '../domain/rate-limits.ts';
import { clientAddress } from '../http/client-address.ts';
import { answerErrors, type ErrorReply } from '../http/error-reply.ts';
import { sayLimit, settleLimit } from '../http/rate-limit-headers.ts';
import type { TokenVerifier } from '../identity/token-verifier.ts';
import { admitOrDefer, refund } from '../operations/admit.ts';
import type { Core } from '../operations/core.ts';
import { type Entered, scopeByLogin } from './login-operation.ts';

export interface CountedOperation<Asked> {
  /** What policies read as `storage.operation()`. */
  readonly operation: string;
  /** `none` for signing in: it is neither switched off nor counted here, for the staff may sign in whatever is off. */
  readonly login: 'signed-in' | 'none';
  /** In the order in which their absence is told. */
  readonly permits: readonly string[];
  /** The kill switch that stops it, beside the one for everything. */
  readonly feature?: Feature;
  readonly limit: RateLimitName;
  /** Statuses that are not counted, beside 429 and those of 500 and above. */
  readonly free?: readonly number[];
  /** Whether its handler tells `refusal` itself, after something that this API tells before. */
  readonly tellsRefusal?: true;
  readonly handle: Handle<Asked>;
}

/** What becomes of a request that has been let in and counted. */
export interface Counted extends Entered {
  /** What stops the request once its fields are known to be right. */
  readonly refusal: SluiceError | null;
}

export interface CountedSurfaceOptions<Parts> {
  readonly operations: Readonly<Record<string, CountedOperation<Route & Parts & Counted>>>;
  /** What every handler is given. */
  readonly parts: Parts;
  readonly verifier: TokenVerifier;
  /** Permits that are not asked for, because the gateway is set so. */
  readonly waived: readonly string[];
  readonly errorReplyOf: (error: SluiceError, operationId: string) => ErrorReply;
}

type CountedSurface = Pick<Surface<Counted>, 'admit' | 'handlers' | 'onError'>;

/** What such an API needs to be bound, but for its paths. */
export function countedSurface<Parts extends { readonly core: Core }>(
  options: CountedSurfaceOptions<Parts>,
): CountedSurface {
  const { operations, parts, errorReplyOf } = options;
  const handlers = boundHandlers<Parts, Counted>(operations, parts);
  const bound = ([id, handle]: [string, RouteHandler<Counted>]) => [
    id,
    operationOf(operations, id).tellsRefusal === true ? handle : unlessRefused(handle),
  ];
  return {
    admit: approach => enter(approach, operationOf(operations, approach.operationId), options),
    handlers: Object.fromEntries(Object.entries(handlers).map(bound)),
    onError: answerErrors(errorReplyOf, (res, { error, status }, operationId) => {
      const { free = [] } = operationOf(operations, operationId);
      // Another limit may refuse within: of wrong passwords, where somebody says once more who they are.
      return settleLimit(res, { error, status, isFree: status >= 500 || status === 429 || free.includes(status) });
    }),
  };
}

async function enter<Parts extends { readonly core: Core }>(
  approach: Approach,
  { operation, login, permits, feature, limit }: CountedOperation<never>,
  { parts: { core }, verifier, waived }: CountedSurfaceOptions<Parts>,
): Promise<Counted> {
  const { req, res, operationId } = approach;
  res.setHeader('cache-control', 'no-store');
  const asked = permits.filter(permit => !waived.includes(permit));
  const scope = scopeByLogin(approach, { login, operation, permits: asked }, verifier);
  if (login === 'none') {
    sayLimit(res, null);
    return { scope, refusal: null };
  }
  const { admitted, refusal } = await admitOrDefer(core, scope, {
    ...(feature === undefined ? {} : { feature: killSwitchOf(feature) }),
    limit: { name: limit, by: [operationId, scope.caller.subject ?? addressKey(clientAddress(req))] },
  }).catch(error => {
    sayLimit(res, null);
    throw blamed(error);
  });
  sayLimit(res, admitted && { ...admitted, giveBack: () => refund(core, scope, admitted) });
  return { scope, refusal };
}

/** Nothing else of the request has been read yet: what Postgres cannot read is the token's, such as a `sub` that is no UUID. */
function blamed(error: unknown): unknown {
  const isOfToken = error instanceof SluiceError && error.code === 'invalid-parameter';
  return isOfToken ? new SluiceError('invalid-token', error.message, { cause: error }) : error;
}

function unlessRefused(handle: RouteHandler<Counted>): RouteHandler<Counted> {
  return async (route, counted) => {
    if (counted.refusal !== null) throw counted.refusal;
    await handle(route, counted);
  };
}
