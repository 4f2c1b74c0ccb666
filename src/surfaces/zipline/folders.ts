/** Folder routes: wire to operation and back. */
import { malformed } from '../../domain/errors.ts';
import { parseFolderName } from '../../domain/files.ts';
import {
  addFolder,
  dropFolder,
  getFolder,
  getOwnFolders,
  getPublicFolder,
  publishFolder,
  sortFile,
} from '../../operations/manage-folders.ts';
import type { Asked } from './asked.ts';
import { fieldsOf, isYes, numberOf } from './loose-fields.ts';
import { folderIdOf, wireFile, wireFolder } from './wire.ts';

export async function listFolders({ core, scope, query }: Asked) {
  return (await getOwnFolders(core, scope, isYes(query.files))).map(wireFolder);
}

export async function createFolder({ core, scope, body }: Asked) {
  const { name, add } = fieldsOf(body);
  return wireFolder(await addFolder(core, scope, { name: parseFolderName(name), fileIds: fileIdsOf(add) }));
}

export async function readFolder({ core, scope, params, query }: Asked) {
  const asked = { permit: 'folder-read', withFiles: isYes(query.files) } as const;
  return wireFolder(await getFolder(core, scope, folderIdOf(params), asked));
}

export function addFile(asked: Asked) {
  return moveFile(asked, true);
}

/** Takes a file out of the folder, or removes the folder itself. */
export async function removeFile(asked: Asked) {
  const { core, scope, params, body } = asked;
  const { deletingFolder, deleteFolder } = fieldsOf(body);
  if (deletingFolder !== true && deleteFolder !== true) return moveFile(asked, false);
  const { public: _, ...folder } = wireFolder(await dropFolder(core, scope, folderIdOf(params)));
  return folder;
}

export async function publish(asked: Asked) {
  const { core, scope, params, query, body } = asked;
  const isPublic = fieldsOf(body).public;
  if (typeof isPublic !== 'boolean') return refuseAfterFolder(asked, 'public must be a boolean');
  const withFiles = isYes(query.files);
  return wireFolder(await publishFolder(core, scope, folderIdOf(params), { isPublic, withFiles }));
}

export async function viewFolder({ core, scope, params }: Asked) {
  const { folder, ownerName } = await getPublicFolder(core, scope, folderIdOf(params));
  const files = (folder.files ?? []).map(file => {
    const { name, originalName, mimetype, size, views, createdAt, url, password } = wireFile(file);
    return { name, originalName, mimetype, size, views, createdAt, url, password };
  });
  return { id: folder.id, name: folder.name, owner: ownerName, files };
}

async function moveFile(asked: Asked, into: boolean) {
  const { core, scope, params, query, body } = asked;
  const { file } = fieldsOf(body);
  const fileId = numberOf(file);
  if (!file || fileId === null) {
    return refuseAfterFolder(asked, file ? 'file must be a number' : 'file is required');
  }
  const withFiles = isYes(query.files);
  return wireFolder(await sortFile(core, scope, folderIdOf(params), { fileId, into, withFiles }));
}

/** What is wrong with the body is said after what is wrong with the folder. */
async function refuseAfterFolder({ core, scope, params }: Asked, message: string): Promise<never> {
  await getFolder(core, scope, folderIdOf(params), { permit: 'folder-change', withFiles: false });
  throw malformed(message);
}

function fileIdsOf(add: unknown): number[] {
  if (add === undefined || add === null) return [];
  if (!Array.isArray(add)) throw malformed('add must be an array of file ids');
  return add.map(entry => {
    const id = numberOf(entry);
    if (id === null) throw malformed(`files ${String(entry).slice(0, 100)} not found`);
    return id;
  });
}
