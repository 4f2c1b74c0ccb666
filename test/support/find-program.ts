/** Where a program of the operating system is. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Its path: the first of the PATH, then of the further folders, that may be run; null where there is none. */
export function findProgram(name: string, furtherFolders: readonly string[] = []): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...furtherFolders].filter(Boolean);
  return folders.map(folder => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
