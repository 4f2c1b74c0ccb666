/**
 * The bucket-and-object API (API 002). A translation between wire and operations, nothing else: every access is decided
 * by the policies, every rule by the domain.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteHandler } from '../../contract/bind-routes.ts';
import { recordOf } from '../../http/request-record.ts';
import type { Links } from '../../identity/links.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Core } from '../../operations/core.ts';
import { pathOf, scopeOfRoute } from './asking.ts';
import { bucketHandlers } from './buckets.ts';
import { downloadHandlers } from './downloads.ts';
import { renderError, renderUnknownRoute } from './errors.ts';
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

/** What the contract binds: a handler for every operation of the tag `supabase`, and how this API says an error. */
export interface Surface {
  readonly tag: string;
  readonly handlers: Readonly<Record<string, RouteHandler>>;
  readonly onError: (error: unknown, req: IncomingMessage, res: ServerResponse, operationId: string | null) => void;
  readonly onUnknown: (req: IncomingMessage, res: ServerResponse) => void;
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
    const facts = OPERATIONS[operationId];
    return async route => {
      const record = recordOf(route.res);
      record.operationId = operationId;
      const scope = scopeOfRoute(route, facts, verifier);
      record.role = scope.caller.role;
      await handle({ ...route, core, links, scope });
    };
  }

  const ids = Object.keys(handlers) as SupabaseOperation[];
  return {
    tag: 'supabase',
    handlers: Object.fromEntries(ids.map(id => [id, bound(id)])),
    onError: (error, _req, res, operationId) => {
      Object.assign(recordOf(res), { error, operationId });
      renderError(res, error, { operationId, strictHttpStatus });
    },
    onUnknown: (req, res) => renderUnknownRoute(res, req.method ?? '', pathOf(req)),
  };
}
