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

/**
 * Whether a link into bucket $1 and object $2 has been revoked, as an expression of SQL over the parameters that carry its
 * fingerprint and its time of issue. It is sluice.is_revoked written out, because a function with a search path of its own
 * is not inlined, and redeeming a link is a hot path.
 */
export function isRevokedText(fingerprint: string, issuedAt: string): string {
  return `exists (
      select from sluice.revoked_tokens r
      where r.bucket_id = $1 and (r.name is null or r.name = $2)
        and (r.fingerprint is null or r.fingerprint = ${fingerprint}) and r.revoked_before >= ${issuedAt})`;
}
