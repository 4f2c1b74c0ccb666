/** Files by public name: page, find, change, remove. Each is one function of the gateway that works as the caller. */

import type { Json } from '../../domain/objects.ts';
import type { FilePage, UploadedFile, Whose } from '../../domain/uploaded-files.ts';
import type { BatchRow } from '../batch.ts';
import { instantOf } from '../rows.ts';
import type { Statement } from '../statement.ts';
import type { WireValue } from '../wire-value.ts';

interface Asked {
  readonly role: string;
  readonly whose: Whose;
}

const UID = /^\d{13}$/;

/** The parameters that every function begins with. */
function askedValues({ role, whose }: Asked): WireValue[] {
  if (whose === 'anybody') return [role, null, null];
  return 'uid' in whose ? [role, null, UID.test(whose.uid) ? whose.uid : ''] : [role, whose.owner, null];
}

export const listUploads: Statement<Asked & { readonly limit: number; readonly offset: number }, FilePage> = {
  name: 'list_uploads',
  runs: 'gateway',
  text: 'select * from sluice.list_uploads($1, $2, $3, $4, $5)',
  values: asked => [...askedValues(asked), asked.limit, asked.offset],
  row: row => ({
    total: row.total as number,
    entries: (row.items as Json[]).map(item => ({
      name: item.name as string,
      displayName: item.display_name as string | null,
    })),
  }),
};

function fileOf(row: BatchRow): UploadedFile {
  const file = row.file as Json;
  return {
    name: file.name as string,
    displayName: file.display_name as string | null,
    ownerUid: file.owner_uid as string | null,
    sizeBytes: (file.size ?? 0) as number,
    createdAt: instantOf(file.created_at),
    updatedAt: instantOf(file.updated_at),
  };
}

export const findUpload: Statement<Asked & { readonly name: string }, UploadedFile> = {
  name: 'find_upload',
  runs: 'gateway',
  text: 'select sluice.find_upload($1, $2, $3, $4) as file',
  values: asked => [...askedValues(asked), asked.name],
  row: fileOf,
};

/** What becomes of a file: another display name, or another public name with the type that goes with it. */
export type UploadChange =
  | { readonly displayName: string | null }
  | { readonly name: string; readonly contentType: string };

export const changeUpload: Statement<Asked & { readonly name: string; readonly change: UploadChange }, UploadedFile> = {
  name: 'change_upload',
  runs: 'gateway',
  text: 'select sluice.change_upload($1, $2, $3, $4, $5) as file',
  values: asked => [...askedValues(asked), asked.name, JSON.stringify(columnsOf(asked.change))],
  row: fileOf,
};

function columnsOf(change: UploadChange): Json {
  if ('name' in change) return { name: change.name, mimetype: change.contentType };
  return { display_name: change.displayName };
}

/** `names` null: all of one user's. Gives how many went. */
export const removeUploads: Statement<Asked & { readonly names: readonly string[] | null }, number> = {
  name: 'remove_uploads',
  runs: 'gateway',
  text: 'select sluice.remove_uploads($1, $2, $3, $4) as removed',
  values: asked => [...askedValues(asked), asked.names],
  row: row => row.removed as number,
};
