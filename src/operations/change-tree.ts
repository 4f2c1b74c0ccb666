/**
 * Changes in the storage tree: folders are made, moved and removed, files put into them. Moving and removing is one round
 * trip whatever lies beneath, and touches no byte. A folder that is made here gets a placeholder, so that it stays when
 * its last file goes; one that comes with a file goes without where the caller may not add it.
 */
import { Readable } from 'node:stream';
import { deleteTree, findFolderPlace, moveTree } from '../database/queries/tree.ts';
import type { RequestScope } from '../domain/caller.ts';
import { contentTypeOfName } from '../domain/content-types.ts';
import { errorCode, SluiceError } from '../domain/errors.ts';
import { DEFAULT_CACHE_CONTROL, DEFAULT_CONTENT_TYPE } from '../domain/objects.ts';
import {
  entryOfFolder,
  FOLDER_PLACEHOLDER,
  HOME_BUCKET,
  isInside,
  parseTreePath,
  type TreePath,
} from '../domain/tree-path.ts';
import { type Core, onlyRow } from './core.ts';
import { demandPermits } from './demand-permits.ts';
import { putObject, type UploadFacts } from './put-object.ts';

const MISPLACED = 'A root is not moved or replaced, and nothing goes into itself: new_path is /<user>/<path>';

/**
 * Renames a file, or a folder with all its content. A file replaces a file; the folder it comes to is made when only that
 * is missing. Throws `object-not-found`, `folder-not-found` (where it would come to), `object-exists` (a folder is there, or a
 * file stands where a folder would), `invalid-parameter` (a root, or a folder into itself), `access-denied`,
 * `delete-denied`, `invalid-object-name`.
 */
export async function moveInTree(core: Core, scope: RequestScope, source: TreePath, target: TreePath): Promise<void> {
  if (source.isRoot || target.isRoot || isInside(target, source)) {
    await demandPermits(core, scope);
    if (target.isRoot && target.owner !== source.owner) throw new SluiceError('access-denied', 'That is not your tree');
    throw new SluiceError('invalid-parameter', MISPLACED);
  }
  const parentWasMissing = onlyRow(
    await core.database.run(scope, moveTree, {
      role: scope.caller.role,
      bucket: HOME_BUCKET,
      source: source.name,
      target: target.name,
      parents: target.parents,
    }),
  );
  const [parent] = target.parents;
  if (parentWasMissing && parent !== undefined) await tryToKeepFolder(core, scope, parseTreePath(parent));
}

/**
 * Removes what is at the path, a folder with all its content. Throws `object-not-found`, `delete-denied`, and
 * `invalid-parameter` for a root.
 */
export async function removeFromTree(core: Core, scope: RequestScope, path: TreePath): Promise<void> {
  if (path.isRoot) {
    await demandPermits(core, scope);
    throw new SluiceError('invalid-parameter', 'A root is not removed');
  }
  await core.database.run(scope, deleteTree, { role: scope.caller.role, bucket: HOME_BUCKET, path: path.name });
}

/** Throws `object-exists`, `folder-not-found` (what it would lie in), `access-denied`. */
export async function makeFolder(core: Core, scope: RequestScope, folder: TreePath): Promise<void> {
  const isThere = await demandFolderPlace(core, scope, folder);
  const wasMade = !isThere && (await keepFolder(core, scope, folder));
  if (!wasMade) throw new SluiceError('object-exists', 'The folder exists already');
}

export interface ArrivingFile {
  /** One segment; see `cleanFileName`. */
  readonly name: string;
  /** As the client says; the name's ending says it better. */
  readonly contentType: string;
  readonly body: Readable;
}

export interface FolderUpload {
  /** Stores one file, never in the place of another; gives the name that it got, with the whole path. */
  put(file: ArrivingFile): Promise<string>;
}

/**
 * Begins an upload of files into a folder, before any byte of them is read. The folder is made with the first file when
 * only it is missing. Throws `folder-not-found` (what the folder would lie in) and `object-exists` (a file stands where a
 * folder would); `put` throws what `putObject` throws.
 */
export async function openFolder(core: Core, scope: RequestScope, folder: TreePath): Promise<FolderUpload> {
  let stays = await demandFolderPlace(core, scope, folder);
  return {
    async put(file) {
      const { name } = await putObject(core, scope, {
        bucket: HOME_BUCKET,
        name: entryOfFolder(folder, file.name).name,
        body: file.body,
        sizeBytes: null,
        facts: factsOf(contentTypeOfName(file.name) ?? file.contentType),
        upsert: false,
        beside: true,
      });
      if (!stays) await tryToKeepFolder(core, scope, folder);
      stays = true;
      return name;
    },
  };
}

/** Whether the folder is there; the root always is. */
async function demandFolderPlace(core: Core, scope: RequestScope, folder: TreePath): Promise<boolean> {
  const [parent = null] = folder.parents;
  const place = onlyRow(
    await core.database.run(scope, findFolderPlace, {
      bucket: HOME_BUCKET,
      name: folder.name,
      parent,
      folders: folder.isRoot ? [] : [folder.name, ...folder.parents],
    }),
  );
  if (place.isBlocked) throw new SluiceError('object-exists', 'A file stands where a folder would');
  if (!place.exists && !folder.isRoot && !place.parentExists) {
    throw new SluiceError('folder-not-found', 'The folder above is missing', { facts: { name: folder.name } });
  }
  return place.exists || folder.isRoot;
}

/**
 * For a folder that has just got its first file, which stays whatever becomes of this: a refusal now would be one that has
 * changed something. Without its placeholder the folder lasts as long as there is something in it.
 */
async function tryToKeepFolder(core: Core, scope: RequestScope, folder: TreePath): Promise<void> {
  await keepFolder(core, scope, folder).catch(() => {});
}

/** False where somebody else has just made the same folder: that placeholder does as well. */
async function keepFolder(core: Core, scope: RequestScope, folder: TreePath): Promise<boolean> {
  try {
    await putPlaceholder(core, scope, folder);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'object-exists') throw error;
    return false;
  }
}

async function putPlaceholder(core: Core, scope: RequestScope, folder: TreePath): Promise<void> {
  await putObject(core, scope, {
    bucket: HOME_BUCKET,
    name: `${folder.name}/${FOLDER_PLACEHOLDER}`,
    body: Readable.from([]),
    sizeBytes: 0,
    facts: factsOf(DEFAULT_CONTENT_TYPE),
    upsert: false,
    keepsFolder: true,
  });
}

function factsOf(contentType: string): UploadFacts {
  return { contentType, cacheControl: DEFAULT_CACHE_CONTROL, userMetadata: {}, robots: null };
}
