/**
 * Folders, files and their public addresses (API 001). A translation between wire and operations, nothing else: every
 * access is decided by the policies, every rule by the domain.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Approach, Surface } from '../../contract/bind-routes.ts';
import { boundHandlers, operationOf } from '../../contract/bound-handlers.ts';
import type { RequestScope } from '../../domain/caller.ts';
import { type Entered, type LoginOperation, openOnceEnded, scopeByLogin } from '../../entrance/login-operation.ts';
import { answerErrors } from '../../http/error-reply.ts';
import { pathOf } from '../../http/request-scope.ts';
import { sendingJson as json, sendJson } from '../../http/send-json.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import { demandPermits } from '../../operations/demand-permits.ts';
import { getFolder } from '../../operations/manage-folders.ts';
import type { Asked, Parts } from './asked.ts';
import { errorReplyOf, unknownReply } from './errors.ts';
import * as files from './files.ts';
import * as folders from './folders.ts';
import { view } from './views.ts';
import { folderIdOf } from './wire.ts';

type Operation = LoginOperation<Asked>;
type Handle = Operation['handle'];

const own = (operation: string, permit: 'read-files' | 'modify-files', handle: Handle): Operation => ({
  operation,
  login: 'signed-in',
  permits: ['account-active', permit],
  handle,
});
const open = (operation: string, handle: Handle): Operation => ({
  operation,
  login: 'optional',
  handle: openOnceEnded(handle),
});

/** By operation id of openapi.yaml. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  listUserFolders: own('uploads.folder.list', 'read-files', json(folders.listFolders)),
  createUserFolder: own('uploads.folder.create', 'modify-files', json(folders.createFolder)),
  readUserFolder: own('uploads.folder.read', 'read-files', json(folders.readFolder)),
  addFileToFolder: own('uploads.folder.add', 'modify-files', json(folders.addFile)),
  removeFromFolder: own('uploads.folder.remove', 'modify-files', json(folders.removeFile)),
  publishUserFolder: own('uploads.folder.publish', 'modify-files', json(folders.publish)),
  listUserFiles: own('uploads.list', 'read-files', json(files.listFiles)),
  favorUserFile: own('uploads.favor', 'modify-files', json(files.favorFile)),
  deleteUserFiles: own('uploads.delete', 'modify-files', json(files.deleteFiles)),
  pageUserFiles: own('uploads.list', 'read-files', json(files.pageFiles)),
  viewPublicFolder: open('uploads.view_folder', json(folders.viewFolder)),
  viewUpload: open('uploads.view', view),
  headUpload: open('uploads.view', view),
  viewRawUpload: open('uploads.view', view),
  headRawUpload: open('uploads.view', view),
};

/** Where nobody else answers. */
const OURS = /^\/(?:api\/user|folder|u|r)(?:\/|$)/;
/** Paths of this API and their methods, as a reply with 405 has to name them (RFC 9110 §15.5.6). */
const METHODS: readonly (readonly [path: RegExp, methods: string])[] = [
  [/^\/api\/user\/folders$/, 'GET, HEAD, POST'],
  [/^\/api\/user\/folders\/[^/]+$/, 'GET, HEAD, POST, DELETE, PATCH'],
  [/^\/api\/user\/files$/, 'GET, HEAD, PATCH, DELETE'],
  [/^\/(?:api\/user\/paged|folder\/[^/]+|[ur]\/.*)$/, 'GET, HEAD'],
];

export interface ZiplineSurfaceOptions extends Parts {
  readonly verifier: TokenVerifier;
}

export function makeZiplineSurface({ verifier, ...parts }: ZiplineSurfaceOptions): Surface<Entered> {
  return {
    tag: 'zipline',
    owns: path => OURS.test(path),
    // Who is not logged in learns nothing of what else is wrong.
    admit: async approach => ({ scope: scopeOf(approach, verifier) }),
    beforeRefusal: approach => mustHave(approach, scopeOf(approach, verifier), parts),
    handlers: boundHandlers<Parts, Entered>(OPERATIONS, parts),
    onError: answerErrors(errorReplyOf),
    onUnknown: answerUnknown,
  };
}

function scopeOf(approach: Approach, verifier: TokenVerifier) {
  const operation = operationOf(OPERATIONS, approach.operationId);
  if (operation.login === 'signed-in') approach.res.setHeader('cache-control', 'no-store');
  return scopeByLogin(approach, operation, verifier);
}

/** What is wrong with the folder, or with who is asking, is said before what is malformed. */
async function mustHave({ operationId, params }: Approach, scope: RequestScope, { core }: Parts): Promise<void> {
  if (operationOf(OPERATIONS, operationId).login !== 'signed-in') return;
  const permit = operationId === 'readUserFolder' ? 'folder-read' : 'folder-change';
  if (params.folderId === undefined) await demandPermits(core, scope);
  else await getFolder(core, scope, folderIdOf(params), { permit, withFiles: false });
}

function answerUnknown(req: IncomingMessage, res: ServerResponse): void {
  const path = pathOf(req);
  const allow = METHODS.find(([known]) => known.test(path))?.[1];
  if (req.method === 'OPTIONS' && allow !== undefined) res.writeHead(204, { allow: `${allow}, OPTIONS` }).end();
  else sendJson({ res, ...unknownReply(allow) });
}
