/**
 * Folders, files and their public addresses (API 001). A translation between wire and operations, nothing else: every
 * access is decided by the policies, every rule by the domain.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteHandler, Surface } from '../../contract/bind-routes.ts';
import { recordOf } from '../../http/request-record.ts';
import { makeRequestScope, pathOf } from '../../http/request-scope.ts';
import { callerOfHeaders } from '../../identity/caller-of-headers.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Core } from '../../operations/core.ts';
import { renderError, renderUnknown } from './errors.ts';
import { fileHandlers } from './files.ts';
import { folderHandlers } from './folders.ts';
import type { Asked, ZiplineHandler } from './handlers.ts';
import { OPERATIONS, type OperationFacts, type ZiplineOperation } from './operations.ts';
import { viewHandlers } from './views.ts';

export interface ZiplineSurfaceOptions {
  readonly core: Core;
  readonly verifier: TokenVerifier;
  readonly verifyPassword: Asked['verifyPassword'];
}

/** Paths of this API, whatever the method. */
const KNOWN = /^\/(?:api\/user\/(?:folders(?:\/[^/]+)?|files|paged)|folder\/[^/]+|[ur]\/.*)$/;
/** Where nobody else answers. */
const OURS = /^\/(?:api\/user|folder|u|r)(?:\/|$)/;

export function makeZiplineSurface({ core, verifier, verifyPassword }: ZiplineSurfaceOptions): Surface {
  const handlers: Record<ZiplineOperation, ZiplineHandler> = { ...folderHandlers, ...fileHandlers, ...viewHandlers };

  function bound(operationId: ZiplineOperation): RouteHandler {
    const handle = handlers[operationId];
    const { operation, login, permits }: OperationFacts = OPERATIONS[operationId];
    return async route => {
      const caller = callerOfHeaders(route.req.headers, login, verifier);
      const scope = makeRequestScope(route, { caller, operation });
      await handle({ ...route, core, verifyPassword, scope: permits === undefined ? scope : { ...scope, permits } });
    };
  }

  const ids = Object.keys(handlers) as ZiplineOperation[];
  return {
    tag: 'zipline',
    handlers: Object.fromEntries(ids.map(id => [id, bound(id)])),
    onError: (error, _req, res, operationId) => {
      Object.assign(recordOf(res), { error, operationId });
      renderError(res, error, operationId);
    },
    onUnknown: answerUnknown,
  };
}

function answerUnknown(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  const path = pathOf(req);
  if (!OURS.test(path)) next();
  else renderUnknown(res, KNOWN.test(path) ? 405 : 404);
}
