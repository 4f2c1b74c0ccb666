/** Per operation id of openapi.yaml: the name that policies read, whether a login is needed, and which permits are asked for. */
import type { Login } from '../../identity/caller-of-headers.ts';

export interface OperationFacts {
  readonly operation: string;
  readonly login: Login;
  readonly permits?: readonly string[];
}

const own = (operation: string, permit: 'read-files' | 'modify-files'): OperationFacts => ({
  operation: `uploads.${operation}`,
  login: 'signed-in',
  permits: ['account-active', permit],
});
const read = (operation: string) => own(operation, 'read-files');
const change = (operation: string) => own(operation, 'modify-files');
const open = (operation: string): OperationFacts => ({ operation: `uploads.${operation}`, login: 'optional' });

export const OPERATIONS = {
  listUserFolders: read('folder.list'),
  createUserFolder: change('folder.create'),
  readUserFolder: read('folder.read'),
  addFileToFolder: change('folder.add'),
  removeFromFolder: change('folder.remove'),
  publishUserFolder: change('folder.publish'),
  listUserFiles: read('list'),
  favorUserFile: change('favor'),
  deleteUserFiles: change('delete'),
  pageUserFiles: read('list'),
  viewPublicFolder: open('view_folder'),
  viewUpload: open('view'),
  headUpload: open('view'),
  viewRawUpload: open('view'),
  headRawUpload: open('view'),
} as const satisfies Record<string, OperationFacts>;

export type ZiplineOperation = keyof typeof OPERATIONS;
