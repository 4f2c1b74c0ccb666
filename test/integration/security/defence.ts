/** What a defence is, and the damage that removes it. */
import type { Edit } from '../../support/scratch-tree.ts';

export interface Defence {
  /** What the gateway does. */
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly tests: { readonly file: string; readonly titles: RegExp };
}

/** One replacement; `find` stands in the file exactly once. */
export const edit = (file: string, find: string, put: string): Edit => ({ file, find, put });
