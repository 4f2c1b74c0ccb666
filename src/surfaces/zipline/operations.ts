/** Per operation id of openapi.yaml: the name that policies read, whether a login is needed, and which permits are asked for. */
import type { Login } from '../../identity/caller-of-headers.ts';

export interface OperationFacts {
  readonly operation: string;
  readonly login: Login;
  readonly permits?: readonly string[];
}

const own = (operation: string): OperationFacts => ({
  operation: `uploads.${operation}`,
  login: 'required',
  permits: ['account-active'],
});
const open = (operation: string): OperationFacts => ({ operation: `uploads.${operation}`, login: 'optional' });

export const OPERATIONS = {
  listUserFolders: own('folder.list'),
  createUserFolder: own('folder.create'),
  readUserFolder: own('folder.read'),
  addFileToFolder: own('folder.add'),
  removeFromFolder: own('folder.remove'),
  publishUserFolder: own('folder.publish'),
  listUserFiles: own('list'),
  favorUserFile: own('favor'),
  deleteUserFiles: own('delete'),
  pageUserFiles: own('list'),
  viewPublicFolder: open('view_folder'),
  viewUpload: open('view'),
  headUpload: open('view'),
  viewRawUpload: open('view'),
  headRawUpload: open('view'),
} as const satisfies Record<string, OperationFacts>;

export type ZiplineOperation = keyof typeof OPERATIONS;
