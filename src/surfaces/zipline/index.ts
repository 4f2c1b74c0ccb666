/**
 * Folders, files and their public addresses (API 001). A translation between wire and operations, nothing else: every
 * access is decided by the policies, every rule by the domain.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Approach, RouteHandler, Surface } from '../../contract/bind-routes.ts';
import { ANONYMOUS, type RequestScope } from '../../domain/caller.ts';
import { errorCode } from '../../domain/errors.ts';
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
  readonly checkPassword: Asked['checkPassword'];
}

/** Paths of this API, whatever the method. */
const KNOWN = /^\/(?:api\/user\/(?:folders(?:\/[^/]+)?|files|paged)|folder\/[^/]+|[ur]\/.*)$/;
/** Where nobody else answers. */
const OURS = /^\/(?:api\/user|folder|u|r)(?:\/|$)/;

export function makeZiplineSurface({ core, verifier, checkPassword }: ZiplineSurfaceOptions): Surface<RequestScope> {
  const handlers: Record<ZiplineOperation, ZiplineHandler> = { ...folderHandlers, ...fileHandlers, ...viewHandlers };
  const bound = (handle: ZiplineHandler): RouteHandler<RequestScope> => {
    return async (route, scope) => {
      const asked = { ...route, core, checkPassword };
      try {
        await handle({ ...asked, scope });
      } catch (error) {
        if (errorCode(error) !== 'invalid-session' || factsOf(route.operationId).login === 'signed-in') throw error;
        // A session that has ended is a bad token like any other: what is open to anybody stays open.
        await handle({ ...asked, scope: { ...scope, caller: ANONYMOUS } });
      }
    };
  };
  return {
    tag: 'zipline',
    handlers: Object.fromEntries(Object.entries(handlers).map(([id, handle]) => [id, bound(handle)])),
    // Who is not logged in learns nothing of what else is wrong.
    admit: async approach => scopeOf(approach, verifier),
    onError: (error, _req, res, operationId) => {
      Object.assign(recordOf(res), { error, operationId });
      renderError(res, error, operationId);
    },
    onUnknown: answerUnknown,
  };
}

function scopeOf(approach: Approach, verifier: TokenVerifier): RequestScope {
  const { operation, login, permits } = factsOf(approach.operationId);
  if (login === 'signed-in') approach.res.setHeader('cache-control', 'no-store');
  const caller = callerOfHeaders(approach.req.headers, login, verifier);
  const scope = makeRequestScope(approach, { caller, operation });
  return permits === undefined ? scope : { ...scope, permits };
}

function factsOf(operationId: string): OperationFacts {
  return OPERATIONS[operationId as ZiplineOperation];
}

function answerUnknown(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  const path = pathOf(req);
  if (!OURS.test(path)) next();
  else if (req.method === 'OPTIONS' && KNOWN.test(path)) res.writeHead(204).end();
  else renderUnknown(res, KNOWN.test(path) ? 405 : 404);
}
