/**
 * The storage tree (API 000): each user's files and folders by path. A translation between wire and operations, nothing
 * else: who enters a tree and what happens in it is decided by the policies.
 */
import type { Approach, Surface } from '../../contract/bind-routes.ts';
import { boundHandlers, type Handle } from '../../contract/bound-handlers.ts';
import { answerErrors } from '../../http/error-reply.ts';
import { pathOf } from '../../http/request-scope.ts';
import { sendJson } from '../../http/send-json.ts';
import { demandPermits } from '../../operations/demand-permits.ts';
import { type Asked, type Parts, pathAsked, scopeInTree } from './asked.ts';
import { act, remove, upload } from './changes.ts';
import { errorReplyOf, unknownReply } from './errors.ts';
import { logIn } from './login.ts';
import { read } from './reads.ts';

/** By operation id of openapi.yaml. */
const OPERATIONS: Readonly<Record<string, { readonly handle: Handle<Asked> }>> = {
  readTree: { handle: read },
  headTree: { handle: read },
  actOnTree: { handle: act },
  uploadToTree: { handle: upload },
  deleteFromTree: { handle: remove },
  logIn: { handle: logIn },
};

/** `/storage/v1` is the bucket API's; no user is called so. */
const OWN = /^\/(?:storage(?!\/v1(?:\/|$))|auth)(?:\/|$)/;

export function makeBulgurSurface(parts: Parts): Surface {
  return {
    tag: 'bulgur',
    owns: path => OWN.test(path),
    handlers: boundHandlers<Parts, undefined>(OPERATIONS, parts),
    beforeRefusal: approach => mustOwn(approach, parts),
    onError: answerErrors(errorReplyOf),
    onUnknown: (req, res) => sendJson({ res, ...unknownReply(pathOf(req)) }),
  };
}

/** Strangers to a tree are told so, and nothing of what is malformed. */
async function mustOwn(approach: Approach, parts: Parts): Promise<void> {
  if (approach.operationId === 'logIn') return;
  const asked = { ...approach, ...parts };
  const path = pathAsked(asked);
  await demandPermits(parts.core, scopeInTree(asked, { path, operation: 'tree.refuse', login: 'required' }));
}
