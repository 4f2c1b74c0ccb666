/**
 * The files of backends (API 003), one backend a host. A translation between wire and operations, nothing else: who reads
 * and who is an administrator is decided by the policies.
 */
import type { IncomingMessage } from 'node:http';
import type { Approach, Surface } from '../../contract/bind-routes.ts';
import { boundHandlers, type Handle, operationOf } from '../../contract/bound-handlers.ts';
import { ANONYMOUS } from '../../domain/caller.ts';
import { malformed } from '../../domain/errors.ts';
import { clientAddress } from '../../http/client-address.ts';
import { answerErrors } from '../../http/error-reply.ts';
import { recordOf } from '../../http/request-record.ts';
import { makeRequestScope, pathOf } from '../../http/request-scope.ts';
import { sendJson } from '../../http/send-json.ts';
import type { Accounts } from '../../identity/accounts.ts';
import { callerOfHeaders } from '../../identity/caller-of-headers.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Admitted, Asked, Parts } from './asked.ts';
import { backendOfHost } from './backend.ts';
import { errorReplyOf, unknownReply } from './envelope.ts';
import { deleteFiles, readFiles, writeFile } from './files.ts';

export interface SpacedogSurfaceOptions extends Parts {
  readonly verifier: TokenVerifier;
  readonly authenticateBasic: Accounts['authenticateBasic'];
  /** The domain whose first label names the backend; null: the default backend serves every host. */
  readonly backendDomain: string | null;
}

interface Operation {
  /** What policies read as `storage.operation()`. */
  readonly operation: string;
  /** Whether a login and the permit for the backend are asked for. */
  readonly forAdministrators: boolean;
  readonly handle: Handle<Asked>;
}

const READ: Operation = { operation: 'backend.read', forAdministrators: false, handle: readFiles };
const WRITE: Operation = { operation: 'backend.upload', forAdministrators: true, handle: writeFile };
const DELETE: Operation = { operation: 'backend.delete', forAdministrators: true, handle: deleteFiles };

/** By operation id of openapi.yaml. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  readBackendRoot: READ,
  headBackendRoot: READ,
  writeBackendRoot: WRITE,
  deleteBackendRoot: DELETE,
  readBackendFile: READ,
  headBackendFile: READ,
  writeBackendFile: WRITE,
  deleteBackendFiles: DELETE,
};

const OURS = /^\/1(?:\/|$)/;
const KNOWN = /^\/1\/file(?:\/|$)/;

export function makeSpacedogSurface(options: SpacedogSurfaceOptions): Surface<Admitted> {
  const { core, publicUrl } = options;
  return {
    tag: 'spacedog',
    owns: path => OURS.test(path),
    admit: approach => admit(approach, options),
    handlers: boundHandlers<Parts, Admitted>(OPERATIONS, { core, publicUrl }),
    onError: answerErrors(errorReplyOf),
    onUnknown: (req, res) => {
      const path = pathOf(req);
      sendJson({ res, ...unknownReply({ method: req.method ?? '', path, isKnown: KNOWN.test(path) }) });
    },
  };
}

/** Credentials that are given must be good, also where none are needed. */
async function admit(approach: Approach, options: SpacedogSurfaceOptions): Promise<Admitted> {
  const { operation, forAdministrators } = operationOf(OPERATIONS, approach.operationId);
  const backend = backendOfHost(hostOf(approach.req), options.backendDomain);
  const { authorization } = approach.req.headers;
  const login = forAdministrators || authorization !== undefined ? 'required' : 'none';
  const asking = makeRequestScope(approach, { caller: ANONYMOUS, operation });
  const caller =
    authorization !== undefined && /^basic(?: |$)/i.test(authorization)
      ? await options.authenticateBasic(asking, { authorization, address: clientAddress(approach.req) })
      : callerOfHeaders(approach.req.headers, login, options);
  Object.assign(recordOf(approach.res), { role: caller.role, subject: caller.subject });
  const scope = { ...asking, caller };
  return { backend, scope: forAdministrators ? { ...scope, permits: ['backend-admin'], target: backend } : scope };
}

/** RFC 9112 §3.2: a target in absolute form names its host itself, and of two hosts none is to be believed. Express heeds a trusted proxy. */
function hostOf(req: IncomingMessage & { readonly hostname?: string }): string {
  const hosts = req.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host');
  if (hosts.length > 1) throw malformed('a request names one Host');
  const named = /^https?:\/\/(?:[^/?@]*@)?([^/?]*)/i.exec(req.url ?? '')?.[1];
  return named ?? req.hostname ?? req.headers.host ?? '';
}
