/** Files by their ids: lists, one file, display names, extensions, removal; one's own and, for the staff, anybody's. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import { parseDisplayName, parseExtension } from '../../domain/public-names.ts';
import { parseFileNames, parseFilePage, type UploadedFile, type Whose } from '../../domain/uploaded-files.ts';
import { ownerOf } from '../../operations/manage-files.ts';
import {
  changeUploadExtension,
  getUpload,
  pageUploads,
  removeAllUploads,
  removeNamedUploads,
  renameUpload,
} from '../../operations/manage-uploads.ts';
import { type Asked, reverify } from './asked.ts';

export const listEverybodys = (asked: Asked) => listFiles(asked, 'anybody');
export const readAnybodys = (asked: Asked) => readFile(asked, 'anybody');
export const deleteAnybodys = (asked: Asked) => deleteFiles(asked, 'anybody');

/** The user in the path, or the caller. */
function userOf({ params, scope }: Asked): Exclude<Whose, 'anybody'> {
  return params.uid === undefined ? { owner: ownerOf(scope) } : { uid: params.uid };
}

function addressOf(asked: Asked, whose: Whose = userOf(asked)) {
  return { whose, name: asked.params.fileId ?? '' };
}

export async function listFiles(asked: Asked, whose: Whose = userOf(asked)) {
  const { total, entries } = await pageUploads(asked.core, asked.scope, { whose, ...parseFilePage(asked.query) });
  return { count: total, items: entries.map(({ name, displayName }) => ({ id: name, name: displayName })) };
}

export async function readFile(asked: Asked, whose?: Whose) {
  return wireFile(await getUpload(asked.core, asked.scope, addressOf(asked, whose)));
}

/** Without a body, the name is taken away. */
export async function nameFile(asked: Asked) {
  const body = asked.body as RequestBodies['nameMyFile'] | undefined;
  const displayName = body === undefined ? null : parseDisplayName(body.name);
  return wireFile(await renameUpload(asked.core, asked.scope, addressOf(asked), displayName));
}

export async function retypeFile(asked: Asked) {
  const { core, scope, log } = asked;
  const extension = parseExtension((asked.body as RequestBodies['retypeMyFile']).extension);
  const address = addressOf(asked);
  const file = await changeUploadExtension(core, scope, address, extension);
  const { requestId, caller } = scope;
  log.info('file extension changed', { requestId, oldId: address.name, newId: file.name, user: caller.subject });
  return wireFile(file);
}

export async function deleteFile(asked: Asked) {
  const { whose, name } = addressOf(asked);
  await removeNamedUploads(asked.core, asked.scope, { whose, names: [name] });
  return { code: 'DELETE_FILE_SUCCESS', message: 'File Successfully Deleted' };
}

export async function deleteFiles(asked: Asked, whose: Whose = userOf(asked)) {
  const names = parseFileNames((asked.body as RequestBodies['deleteMyFiles']).ids);
  return countOf(await removeNamedUploads(asked.core, asked.scope, { whose, names }));
}

/** Who one is comes first; that it is switched off, or was done too often, is told to nobody else. */
export async function deleteAllFiles(asked: Asked) {
  await reverify(asked);
  if (asked.refusal !== null) throw asked.refusal;
  return countOf(await removeAllUploads(asked.core, asked.scope, userOf(asked)));
}

function countOf(count: number) {
  return { code: 'DELETE_FILES_SUCCESS', message: 'Files Successfully Deleted', count };
}

function wireFile(file: UploadedFile) {
  return {
    id: file.name,
    userID: file.ownerUid,
    size: file.sizeBytes,
    name: file.displayName,
    createdAt: file.createdAt,
    updatedAt: file.updatedAt,
  };
}
