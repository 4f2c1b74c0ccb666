/** The files of a backend: one bucket each, read and removed by path. */
import type { StoredObject } from '../../domain/objects.ts';
import { objectOf } from '../rows.ts';
import type { Statement } from '../statement.ts';

export interface BackendPath {
  readonly role: string;
  readonly bucket: string;
  /** Of the one file; empty for the root, which is none. */
  readonly name: string;
  /** What lies under it: names from here … */
  readonly from: string;
  /** … to before here; null: to the end. */
  readonly to: string | null;
}

export interface ReadBackend extends BackendPath {
  /** The name that the page before ended with. */
  readonly after: string | null;
  readonly limit: number;
}

export interface BackendFile {
  readonly object: StoredObject;
  /** It is what the path names, and not one of many under it. */
  readonly isExact: boolean;
  /** The user name of whoever uploaded it; the `sub` of one without an account. */
  readonly ownerName: string | null;
}

export const readBackend: Statement<ReadBackend, BackendFile> = {
  name: 'read_backend',
  runs: 'gateway',
  text: 'select * from sluice.read_backend($1, $2, $3, $4, $5, $6, $7)',
  values: ({ role, bucket, name, from, to, after, limit }) => [role, bucket, name, from, to, after, limit],
  row: row => ({
    object: objectOf(row),
    isExact: row.is_exact as boolean,
    ownerName: row.owner_name as string | null,
  }),
};

export const deleteBackendFiles: Statement<BackendPath, string> = {
  name: 'delete_backend_files',
  runs: 'gateway',
  text: 'select f as name from sluice.delete_backend_files($1, $2, $3, $4, $5) f',
  values: ({ role, bucket, name, from, to }) => [role, bucket, name, from, to],
  row: row => row.name as string,
};
