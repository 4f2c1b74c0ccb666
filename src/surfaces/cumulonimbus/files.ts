/** Files by their ids: lists, one file, display names, extensions, removal; one's own and, for the staff, anybody's. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import { parseDisplayName, parseExtension } from '../../domain/public-names.ts';
import { parseFileNames, parseFilePage, type UploadedFile, type Whose } from '../../domain/uploaded-files.ts';
import { sendJson } from '../../http/send-json.ts';
import { ownerOf } from '../../operations/manage-files.ts';
import {
  changeUploadExtension,
  getUpload,
  pageUploads,
  removeAllUploads,
  removeNamedUploads,
  renameUpload,
} from '../../operations/manage-uploads.ts';
import { type Asked, type CumulonimbusHandlers, reverify } from './handlers.ts';

export const fileHandlers = {
  listAllFiles: asked => list(asked, 'anybody'),
  listUsersFiles: asked => list(asked, userOf(asked)),
  listMyFiles: asked => list(asked, userOf(asked)),
  readAnyFile: asked => read(asked, 'anybody'),
  readUsersFile: asked => read(asked, userOf(asked)),
  readMyFile: asked => read(asked, userOf(asked)),
  nameUsersFile: name,
  nameMyFile: name,
  unnameUsersFile: unname,
  unnameMyFile: unname,
  retypeUsersFile: retype,
  retypeMyFile: retype,
  deleteUsersFile: removeOne,
  deleteMyFile: removeOne,
  deleteAnyFiles: asked => removeSeveral(asked, 'anybody'),
  deleteUsersFiles: asked => removeSeveral(asked, userOf(asked)),
  deleteMyFiles: asked => removeSeveral(asked, userOf(asked)),
  deleteAllUsersFiles: removeAll,
  deleteAllMyFiles: removeAll,
} satisfies CumulonimbusHandlers;

/** The user in the path, or the caller. */
function userOf({ params, scope }: Asked): Exclude<Whose, 'anybody'> {
  return params.uid === undefined ? { owner: ownerOf(scope) } : { uid: params.uid };
}

function addressOf(asked: Asked) {
  return { whose: userOf(asked), name: asked.params.fileId ?? '' };
}

async function list({ core, scope, query, res }: Asked, whose: Whose): Promise<void> {
  const { total, entries } = await pageUploads(core, scope, { whose, ...parseFilePage(query) });
  const items = entries.map(({ name, displayName }) => ({ id: name, name: displayName }));
  sendJson({ res, status: 200, body: { count: total, items } });
}

async function read({ core, scope, params, res }: Asked, whose: Whose): Promise<void> {
  sendFile(res, await getUpload(core, scope, { whose, name: params.fileId ?? '' }));
}

async function name(asked: Asked): Promise<void> {
  const displayName = parseDisplayName((asked.body as RequestBodies['nameMyFile']).name);
  sendFile(asked.res, await renameUpload(asked.core, asked.scope, addressOf(asked), displayName));
}

async function unname(asked: Asked): Promise<void> {
  sendFile(asked.res, await renameUpload(asked.core, asked.scope, addressOf(asked), null));
}

async function retype(asked: Asked): Promise<void> {
  const { core, scope, res, log } = asked;
  const extension = parseExtension((asked.body as RequestBodies['retypeMyFile']).extension);
  const address = addressOf(asked);
  const file = await changeUploadExtension(core, scope, address, extension);
  const { requestId, caller } = scope;
  log.info('file extension changed', { requestId, oldId: address.name, newId: file.name, user: caller.subject });
  sendFile(res, file);
}

async function removeOne(asked: Asked): Promise<void> {
  const { whose, name: id } = addressOf(asked);
  await removeNamedUploads(asked.core, asked.scope, { whose, names: [id] });
  const body = { code: 'DELETE_FILE_SUCCESS', message: 'File Successfully Deleted' };
  sendJson({ res: asked.res, status: 200, body });
}

async function removeSeveral({ core, scope, body, res }: Asked, whose: Whose): Promise<void> {
  const { ids } = body as RequestBodies['deleteMyFiles'];
  sendCount(res, await removeNamedUploads(core, scope, { whose, names: parseFileNames(ids) }));
}

async function removeAll(asked: Asked): Promise<void> {
  await reverify(asked);
  sendCount(asked.res, await removeAllUploads(asked.core, asked.scope, userOf(asked)));
}

function sendCount(res: Asked['res'], count: number): void {
  const body = { code: 'DELETE_FILES_SUCCESS', message: 'Files Successfully Deleted', count };
  sendJson({ res, status: 200, body });
}

function sendFile(res: Asked['res'], file: UploadedFile): void {
  const body = {
    id: file.name,
    userID: file.ownerUid,
    size: file.sizeBytes,
    name: file.displayName,
    createdAt: file.createdAt,
    updatedAt: file.updatedAt,
  };
  sendJson({ res, status: 200, body });
}
