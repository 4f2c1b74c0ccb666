/**
 * One object, by exact name. Three ways to it, each a single statement: as the caller (or because the bucket is public),
 * as anybody from a public bucket, and through a link.
 */
import type { StoredObject } from '../../domain/objects.ts';
import { OBJECT_COLUMNS, objectOf } from '../rows.ts';
import type { Statement } from '../statement.ts';
import { isRevokedText } from './links.ts';

export interface ObjectAddress {
  readonly bucket: string;
  readonly name: string;
}

/** The row, or what is known instead: that the bucket exists (null object), or not even that (no row at all). */
export type FoundObject = StoredObject | null;

const FIND_OBJECT = `select ${OBJECT_COLUMNS} from storage.objects o where o.bucket_id = $1 and o.name = $2 and o.version is not null
    union all
    select ${OBJECT_COLUMNS} from storage.public_object($1, $2) o where o.version is not null
    union all
    select null, null, null, null, null, null, null, null from storage.bucket_rules($1)
    limit 1`;

/**
 * What the caller's policies show, else what a public bucket shows to everybody, else whether the bucket exists. The
 * branches run in order and stop at the first row, so the common case is one index look-up.
 */
export const findObject: Statement<ObjectAddress, FoundObject> = {
  name: 'find_object',
  runs: 'caller-reads',
  text: FIND_OBJECT,
  values: ({ bucket, name }) => [bucket, name],
  row: row => (row.id === null ? null : objectOf(row)),
};

/** The same with the bucket's delivery, for stores that clients can be sent to. */
export const findObjectAndDelivery: Statement<ObjectAddress, FoundObject> = {
  ...findObject,
  name: 'find_object_and_delivery',
  text: `select f.*, (select r.delivery from storage.bucket_rules($1) r) as delivery from (${FIND_OBJECT}) f`,
};

/**
 * From a public bucket, whoever asks, and as `storage.public_object` no guarded file. Runs as the service (domain/caller.ts).
 * A private bucket gives no row.
 */
export const findPublicObject: Statement<ObjectAddress, FoundObject> = {
  name: 'find_public_object',
  runs: 'caller-reads',
  text: `select ${OBJECT_COLUMNS}, b.delivery from storage.buckets b
    left join storage.objects o on o.bucket_id = b.id and o.name = $2 and o.version is not null
      and (o.bucket_id <> 'uploads' or not exists (select from storage.files_guarded g where g.id = o.id))
    where b.id = $1 and b.public`,
  values: ({ bucket, name }) => [bucket, name],
  row: row => (row.id === null ? null : objectOf(row)),
};

export interface LinkedAddress extends ObjectAddress {
  readonly fingerprint: string;
  readonly issuedAt: Date;
}

export interface LinkedObject {
  readonly object: StoredObject;
  readonly revoked: boolean;
}

/** Through a link: the row, unless it is of a file that is over, and whether the link has been revoked. Runs as the service. */
export const findLinkedObject: Statement<LinkedAddress, LinkedObject> = {
  name: 'find_linked_object',
  runs: 'caller-reads',
  text: `select ${OBJECT_COLUMNS}, (select b.delivery from storage.buckets b where b.id = $1) as delivery, ${isRevokedText('$3', '$4')} as revoked
    from storage.objects o where o.bucket_id = $1 and o.name = $2 and o.version is not null
      and (o.bucket_id <> 'uploads' or not exists (select from storage.files_over f where f.id = o.id))`,
  values: ({ bucket, name, fingerprint, issuedAt }) => [bucket, name, fingerprint, issuedAt],
  row: row => ({ object: objectOf(row), revoked: row.revoked as boolean }),
};
