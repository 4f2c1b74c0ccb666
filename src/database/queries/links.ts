/** Revoking links. Redeeming one is in find-object.ts and uploads.ts. */
import { noRow, type Statement } from '../statement.ts';

export interface RevokeLinks {
  readonly role: string;
  readonly bucket: string;
  /** Null: every link into the bucket. */
  readonly name: string | null;
  /** Null: every link to the object. */
  readonly fingerprint: string | null;
  readonly before: Date;
}

export const revokeLinks: Statement<RevokeLinks, undefined> = {
  name: 'revoke_links',
  runs: 'gateway',
  text: 'select sluice.revoke_links($1, $2, $3, $4, $5)',
  values: ({ role, bucket, name, fingerprint, before }) => [role, bucket, name, fingerprint, before],
  row: noRow,
};
