/**
 * The files of backends (API 003), one backend a host. A translation between wire and operations, nothing else: who reads
 * and who is an administrator is decided by the policies.
 */
import type { IncomingMessage } from 'node:http';
import type { Approach, RouteHandler, Surface } from '../../contract/bind-routes.ts';
import { ANONYMOUS, type RequestScope } from '../../domain/caller.ts';
import { clientAddress } from '../../http/client-address.ts';
import { recordOf } from '../../http/request-record.ts';
import { makeRequestScope, pathOf } from '../../http/request-scope.ts';
import type { Accounts } from '../../identity/accounts.ts';
import { callerOfHeaders } from '../../identity/caller-of-headers.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Core } from '../../operations/core.ts';
import { backendOfHost } from './backend.ts';
import { renderError, renderUnknown } from './envelope.ts';
import { type Asked, deleteFiles, readFiles, writeFile } from './files.ts';
import { OPERATIONS, type SpacedogOperation } from './operations.ts';

export interface SpacedogSurfaceOptions {
  readonly core: Core;
  readonly verifier: TokenVerifier;
  readonly authenticateBasic: Accounts['authenticateBasic'];
  /** The domain whose first label names the backend; null: the default backend serves every host. */
  readonly backendDomain: string | null;
  readonly publicUrl: string | null;
}

interface Admitted {
  readonly scope: RequestScope;
  readonly backend: string;
}

const HANDLERS: Readonly<Record<SpacedogOperation, (asked: Asked) => Promise<void>>> = {
  readBackendRoot: readFiles,
  headBackendRoot: readFiles,
  writeBackendRoot: writeFile,
  deleteBackendRoot: deleteFiles,
  readBackendFile: readFiles,
  headBackendFile: readFiles,
  writeBackendFile: writeFile,
  deleteBackendFiles: deleteFiles,
};

const OURS = /^\/1(?:\/|$)/;
const KNOWN = /^\/1\/file(?:\/|$)/;

export function makeSpacedogSurface(options: SpacedogSurfaceOptions): Surface<Admitted> {
  const { core, publicUrl } = options;
  const bound = (handle: (asked: Asked) => Promise<void>): RouteHandler<Admitted> => {
    return (route, admitted) => handle({ ...route, ...admitted, core, publicUrl });
  };
  return {
    tag: 'spacedog',
    handlers: Object.fromEntries(Object.entries(HANDLERS).map(([id, handle]) => [id, bound(handle)])),
    admit: approach => admit(approach, options),
    onError: (error, _req, res, operationId) => {
      Object.assign(recordOf(res), { error, operationId });
      renderError(res, error);
    },
    onUnknown: (req, res, next) => {
      const path = pathOf(req);
      if (!OURS.test(path)) next();
      else renderUnknown(res, { method: req.method ?? '', path, isKnown: KNOWN.test(path) });
    },
  };
}

/** Credentials that are given must be good, also where none are needed. */
async function admit(approach: Approach, options: SpacedogSurfaceOptions): Promise<Admitted> {
  const { operation, forAdministrators } = OPERATIONS[approach.operationId as SpacedogOperation];
  const backend = backendOfHost(hostOf(approach.req), options.backendDomain);
  const { authorization } = approach.req.headers;
  const login = forAdministrators || authorization !== undefined ? 'required' : 'none';
  const asking = makeRequestScope(approach, { caller: ANONYMOUS, operation });
  const caller =
    authorization !== undefined && /^basic(?: |$)/i.test(authorization)
      ? await options.authenticateBasic(asking, { authorization, address: clientAddress(approach.req) })
      : callerOfHeaders(approach.req.headers, login, options.verifier);
  recordOf(approach.res).role = caller.role;
  const scope = { ...asking, caller };
  return { backend, scope: forAdministrators ? { ...scope, permits: ['backend-admin'], target: backend } : scope };
}

/** Express heeds a trusted proxy. */
function hostOf(req: IncomingMessage & { readonly hostname?: string }): string {
  return req.hostname ?? req.headers.host ?? '';
}
