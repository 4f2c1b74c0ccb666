/**
 * Paths of the storage tree: each user has a tree, named by the user, and the objects in it bear the whole path as their
 * name. A folder is a beginning of names; an empty one is kept by a placeholder, an object that the tree never shows.
 */
import { SluiceError } from './errors.ts';
import { parseObjectName } from './names.ts';

export const HOME_BUCKET = 'home';

/** What the ecosystem's tools put into a folder that is to stay when it is empty. */
export const FOLDER_PLACEHOLDER = '.emptyFolderPlaceholder';

const NO_PATH = `This is not a path of the storage tree: that is /<user>/<path>, without . and .. and ${FOLDER_PLACEHOLDER}`;
const NO_NAME = 'This is not a path of the storage tree: that has at most 1024 bytes, and no control characters';

export interface TreePath {
  /** Whose tree it is. */
  readonly owner: string;
  /** The object's name, or a folder's without its slash; the owner's name for the root. */
  readonly name: string;
  /** Without the folders before it; empty for the root. */
  readonly leaf: string;
  readonly isRoot: boolean;
  /** The folders that it lies in, the innermost first, without the root. */
  readonly parents: readonly string[];
}

/**
 * Reads `<user>/<path>`, decoded. Empty segments mean nothing and are dropped. Throws `invalid-object-name` where nothing is
 * left, for the segments `.` and `..`, for a path to a placeholder, and for what is no object's name.
 */
export function parseTreePath(text: string): TreePath {
  const segments = text.split('/').filter(segment => segment !== '');
  const [owner, ...rest] = segments;
  const isForeign = !segments.every(isTreeSegment);
  if (owner === undefined || isForeign) throw new SluiceError('invalid-object-name', NO_PATH);
  return {
    owner,
    name: nameOf(segments),
    leaf: rest.at(-1) ?? '',
    isRoot: rest.length === 0,
    parents: rest.slice(1).map((_, index) => segments.slice(0, segments.length - 1 - index).join('/')),
  };
}

/** Whether this may stand between the slashes of a path, and be listed. */
export function isTreeSegment(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..' && text !== FOLDER_PLACEHOLDER;
}

function nameOf(segments: readonly string[]): string {
  try {
    return parseObjectName(segments.join('/'));
  } catch (cause) {
    throw new SluiceError('invalid-object-name', NO_NAME, { cause });
  }
}

/** The path of an entry directly in a folder. Throws as `parseTreePath` does. */
export function entryOfFolder(folder: TreePath, leaf: string): TreePath {
  return parseTreePath(`${folder.name}/${leaf}`);
}

/** Whether one path lies somewhere in the other, which is then a folder. */
export function isInside(path: TreePath, folder: TreePath): boolean {
  return path.name.startsWith(`${folder.name}/`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: dropping control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * A file name as a client gives it, without what could make it more than one segment or hide it. Null where nothing usable
 * is left.
 */
export function cleanFileName(text: string): string | null {
  const last = text.split(/[/\\]/).at(-1) ?? '';
  const name = last.toWellFormed().replaceAll(CONTROL, '').trim();
  return isTreeSegment(name) ? name : null;
}

/** `photo.tar.gz` is the stem `photo.tar` and the extension `.gz`; a dot in front begins no extension. */
export function splitFileName(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf('.');
  const cut = dot > name.lastIndexOf('/') + 1 ? dot : name.length;
  return { stem: name.slice(0, cut), extension: name.slice(cut) };
}
