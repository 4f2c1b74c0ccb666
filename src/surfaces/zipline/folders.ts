/** Folder routes: wire to operation and back. */
import { sendJson } from '../../http/send-json.ts';
import {
  addFolder,
  dropFolder,
  getFolder,
  getOwnFolders,
  getPublicFolder,
  publishFolder,
  sortFile,
} from '../../operations/manage-folders.ts';
import type { Asked, ZiplineHandlers } from './handlers.ts';
import { fieldsOf, folderIdOf, isYes, numberOf, refusal, urlOf, wireFolder } from './wire.ts';

const NAME_MAX_BYTES = 1024;

export const folderHandlers = {
  async listUserFolders({ core, scope, query, res }: Asked) {
    const folders = await getOwnFolders(core, scope, isYes(query.files));
    sendJson({ res, status: 200, body: folders.map(wireFolder) });
  },

  async createUserFolder({ core, scope, body, res }: Asked) {
    const { name, add } = fieldsOf(body);
    const folder = await addFolder(core, scope, { name: nameOf(name), fileIds: fileIdsOf(add) });
    sendJson({ res, status: 200, body: wireFolder(folder) });
  },

  async readUserFolder({ core, scope, params, query, res }: Asked) {
    const folder = await getFolder(core, scope, folderIdOf(params), {
      permit: 'folder-read',
      withFiles: isYes(query.files),
    });
    sendJson({ res, status: 200, body: wireFolder(folder) });
  },

  addFileToFolder: asked => moveFile(asked, true),

  async removeFromFolder(asked: Asked) {
    const { core, scope, params, body, res } = asked;
    const { deletingFolder, deleteFolder } = fieldsOf(body);
    if (deletingFolder !== true && deleteFolder !== true) return moveFile(asked, false);
    const { public: _, ...folder } = wireFolder(await dropFolder(core, scope, folderIdOf(params)));
    sendJson({ res, status: 200, body: folder });
  },

  async publishUserFolder({ core, scope, params, query, body, res }: Asked) {
    const folderId = folderIdOf(params);
    const isPublic = fieldsOf(body).public;
    if (typeof isPublic !== 'boolean') {
      await getFolder(core, scope, folderId, { permit: 'folder-change', withFiles: false });
      throw refusal('public must be a boolean');
    }
    const folder = await publishFolder(core, scope, folderId, { isPublic, withFiles: isYes(query.files) });
    sendJson({ res, status: 200, body: wireFolder(folder) });
  },

  async viewPublicFolder({ core, scope, params, res }: Asked) {
    const { folder, ownerName } = await getPublicFolder(core, scope, folderIdOf(params));
    const files = (folder.files ?? []).map(file => ({
      name: file.name,
      originalName: file.originalName,
      mimetype: file.mimeType,
      size: file.sizeBytes,
      views: file.views,
      createdAt: file.createdAt,
      url: urlOf(file),
      password: file.hasPassword,
    }));
    sendJson({ res, status: 200, body: { id: folder.id, name: folder.name, owner: ownerName, files } });
  },
} satisfies ZiplineHandlers;

/** What is wrong with the body is said after what is wrong with the folder. */
async function moveFile({ core, scope, params, query, body, res }: Asked, into: boolean): Promise<void> {
  const folderId = folderIdOf(params);
  const { file } = fieldsOf(body);
  const fileId = numberOf(file);
  if (!file || fileId === null) {
    await getFolder(core, scope, folderId, { permit: 'folder-change', withFiles: false });
    throw refusal(file ? 'file must be a number' : 'file is required');
  }
  const folder = await sortFile(core, scope, folderId, { fileId, into, withFiles: isYes(query.files) });
  sendJson({ res, status: 200, body: wireFolder(folder) });
}

function nameOf(name: unknown): string {
  if (typeof name !== 'string') throw refusal('name is required');
  const trimmed = name.trim();
  if (trimmed === '') throw refusal('name cannot be empty');
  if (Buffer.byteLength(trimmed) > NAME_MAX_BYTES || trimmed.includes('\u0000')) throw refusal('invalid name');
  return trimmed;
}

function fileIdsOf(add: unknown): number[] {
  if (add === undefined || add === null) return [];
  if (!Array.isArray(add)) throw refusal('add must be an array of file ids');
  return add.map(entry => {
    const id = numberOf(entry);
    if (id === null) throw refusal(`files ${String(entry).slice(0, 100)} not found`);
    return id;
  });
}
