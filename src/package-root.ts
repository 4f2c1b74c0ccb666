/**
 * Finds the folder that holds package.json, and with it `db/`, `policies/` and `openapi.yaml`. Works from `src/`, from
 * `dist/` and under the test runner, because it walks upward instead of counting folders.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of the package root. Throws when no folder above this file holds a package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('No package.json was found above the program; the installation is incomplete.');
    folder = parent;
  }
  return folder;
}
