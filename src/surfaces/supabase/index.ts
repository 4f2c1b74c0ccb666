/**
 * The bucket-and-object API (API 002). A translation between wire and operations, nothing else: every access is decided
 * by the policies, every rule by the domain.
 */
import type { RouteHandler, Surface } from '../../contract/bind-routes.ts';
import { answerErrors } from '../../http/error-reply.ts';
import { makeRequestScope, pathOf } from '../../http/request-scope.ts';
import { sendJson } from '../../http/send-json.ts';
import { callerOfHeaders } from '../../identity/caller-of-headers.ts';
import type { Links } from '../../identity/links.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Core } from '../../operations/core.ts';
import { bucketHandlers } from './buckets.ts';
import { downloadHandlers } from './downloads.ts';
import { errorReplyOf, unknownReply } from './errors.ts';
import type { SupabaseHandler } from './handlers.ts';
import { linkHandlers } from './links.ts';
import { listingHandlers } from './listings.ts';
import { objectHandlers } from './objects.ts';
import { OPERATIONS, type SupabaseOperation } from './operations.ts';
import { uploadHandlers } from './uploads.ts';

export interface SupabaseSurfaceOptions {
  readonly core: Core;
  readonly verifier: TokenVerifier;
  readonly links: Links;
  readonly strictHttpStatus: boolean;
}

export function makeSupabaseSurface(options: SupabaseSurfaceOptions): Surface {
  const { core, links, verifier, strictHttpStatus } = options;
  const handlers: Record<SupabaseOperation, SupabaseHandler> = {
    ...bucketHandlers,
    ...uploadHandlers,
    ...downloadHandlers,
    ...objectHandlers,
    ...linkHandlers,
    ...listingHandlers,
  };

  function bound(operationId: SupabaseOperation): RouteHandler {
    const handle = handlers[operationId];
    const { operation, login } = OPERATIONS[operationId];
    return async route => {
      const caller = callerOfHeaders(route.req.headers, login, verifier);
      const scope = makeRequestScope(route, { caller, operation });
      await handle({ ...route, core, links, scope });
    };
  }

  const ids = Object.keys(handlers) as SupabaseOperation[];
  return {
    tag: 'supabase',
    handlers: Object.fromEntries(ids.map(id => [id, bound(id)])),
    onError: answerErrors((error, operationId) => errorReplyOf(error, { operationId, strictHttpStatus })),
    onUnknown: (req, res) => sendJson({ res, ...unknownReply(req.method ?? '', pathOf(req)) }),
  };
}
