/** The 20 endpoints of API 004, as tables of tests want them: who calls, which scope is named, how it is asked. */
import type { CallOptions } from '../../support/call.ts';
import { formFile } from '../../support/cloud.ts';

export interface Endpoint {
  readonly method: string;
  /** `:uid` and `:id` are filled in. */
  readonly path: string;
  /** Null: no scoped session may. */
  readonly scope: number | null;
  readonly staff: boolean;
  /** With the ids that a body may name. */
  readonly options?: (ids: readonly string[]) => CallOptions;
}

const FILE_READ = 128;
const FILE_MODIFY = 256;
const STAFF_READ_FILES = 32768;
const STAFF_MODIFY_FILES = 65536;

const body = (json: unknown) => () => ({ json });
const withIds = (ids: readonly string[]) => ({ json: { ids } });

export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'GET', path: '/api/files', scope: STAFF_READ_FILES, staff: true },
  { method: 'GET', path: '/api/users/:uid/files', scope: STAFF_READ_FILES, staff: true },
  { method: 'GET', path: '/api/users/me/files', scope: FILE_READ, staff: false },
  { method: 'GET', path: '/api/files/:id', scope: STAFF_READ_FILES, staff: true },
  { method: 'GET', path: '/api/users/:uid/files/:id', scope: STAFF_READ_FILES, staff: true },
  { method: 'GET', path: '/api/users/me/files/:id', scope: FILE_READ, staff: false },
  {
    method: 'PUT',
    path: '/api/users/:uid/files/:id/name',
    scope: STAFF_MODIFY_FILES,
    staff: true,
    options: body({ name: 'x' }),
  },
  {
    method: 'PUT',
    path: '/api/users/me/files/:id/name',
    scope: FILE_MODIFY,
    staff: false,
    options: body({ name: 'x' }),
  },
  { method: 'DELETE', path: '/api/users/:uid/files/:id/name', scope: STAFF_MODIFY_FILES, staff: true },
  { method: 'DELETE', path: '/api/users/me/files/:id/name', scope: FILE_MODIFY, staff: false },
  {
    method: 'PUT',
    path: '/api/users/:uid/files/:id/extension',
    scope: STAFF_MODIFY_FILES,
    staff: true,
    options: body({ extension: 'md' }),
  },
  {
    method: 'PUT',
    path: '/api/users/me/files/:id/extension',
    scope: FILE_MODIFY,
    staff: false,
    options: body({ extension: 'md' }),
  },
  { method: 'DELETE', path: '/api/users/:uid/files/:id', scope: STAFF_MODIFY_FILES, staff: true },
  { method: 'DELETE', path: '/api/users/me/files/:id', scope: FILE_MODIFY, staff: false },
  { method: 'DELETE', path: '/api/users/:uid/files', scope: STAFF_MODIFY_FILES, staff: true, options: withIds },
  { method: 'DELETE', path: '/api/users/me/files', scope: FILE_MODIFY, staff: false, options: withIds },
  { method: 'DELETE', path: '/api/files', scope: STAFF_MODIFY_FILES, staff: true, options: withIds },
  { method: 'DELETE', path: '/api/users/:uid/files/all', scope: null, staff: true },
  { method: 'DELETE', path: '/api/users/me/files/all', scope: null, staff: false },
  { method: 'POST', path: '/api/upload', scope: 2, staff: false, options: () => ({ form: [formFile()] }) },
];

export const titleOf = ({ method, path }: Endpoint): string => `${method} ${path}`;

/** Every scope there is, by its flag; the first is the one for everything. */
export const SCOPES: readonly number[] = Array.from({ length: 20 }, (_, bit) => 2 ** bit);

export function pathFor({ path }: Endpoint, { uid, id }: { readonly uid: string; readonly id: string }): string {
  return path.replace(':uid', uid).replace(':id', id);
}
