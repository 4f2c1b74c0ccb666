/** Asks the rows of a policy table below HTTP, of the operations themselves, where hundreds of rows take seconds. */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { errorCode, SluiceError } from '../../src/domain/errors.ts';
import { copyObjectTo, deleteManyObjects, deleteOneObject, moveObjectTo } from '../../src/operations/change-object.ts';
import type { Core } from '../../src/operations/core.ts';
import { demandPermits } from '../../src/operations/demand-permits.ts';
import { findObjectRow } from '../../src/operations/find-object.ts';
import { listFolder, listPage } from '../../src/operations/list-objects.ts';
import * as buckets from '../../src/operations/manage-buckets.ts';
import { putObject } from '../../src/operations/put-object.ts';
import { checkUpload, readableNames, revoke } from '../../src/operations/share-objects.ts';
import { scopeOf } from '../support/scopes.ts';
import {
  type Address,
  bucketIn,
  callerOf,
  isOnBucket,
  objectIn,
  type Person,
  type PolicyTable,
  type Row,
  SUBJECTS,
} from './policy-table.ts';

/** The verdict on a row: `allowed`, `left-out`, or the code of the error. */
export async function askCore(core: Core, table: PolicyTable, row: Row): Promise<string> {
  try {
    const told = isOnBucket(row)
      ? await askOfBucket(core, row, bucketIn(table, row.what).id)
      : await askOfObject(core, row, { from: objectIn(table, row.what), table });
    return told === false ? 'left-out' : 'allowed';
  } catch (error) {
    return errorCode(error);
  }
}

function askOfBucket(core: Core, row: Row, id: string): Promise<unknown> {
  const scope = scopeOf(callerOf(row.who));
  switch (row.does) {
    case 'creates':
      return buckets.addBucket(core, scope, { id, name: id });
    case 'reads':
      return buckets.getBucket(core, scope, id);
    case 'finds among all buckets':
      return findAmongBuckets(core, row, id);
    case 'updates':
      return buckets.changeBucket(core, scope, id, { fileSizeLimit: 77 });
    case 'empties':
      return buckets.clearBucket(core, scope, id);
    case 'removes':
      return buckets.removeBucket(core, scope, id);
    default:
      return revoke(core, scope, { bucket: id, name: null, fingerprint: null });
  }
}

async function findAmongBuckets(core: Core, row: Row, id: string): Promise<boolean> {
  const query = { column: 'name', order: 'asc', limit: null, offset: 0, search: null } as const;
  const found = await buckets.getBuckets(core, scopeOf(callerOf(row.who)), query);
  return found.some(bucket => bucket.id === id);
}

async function askOfObject(core: Core, row: Row, asked: { from: Address; table: PolicyTable }): Promise<unknown> {
  const scope = scopeOf(callerOf(row.who));
  const { bucket, name } = asked.from;
  switch (row.does) {
    case 'uploads':
      return upload(core, row, { ...asked.from, upsert: false });
    case 'upserts':
    case 'replaces':
      return upload(core, row, { ...asked.from, upsert: true });
    case 'downloads':
    case 'heads':
    case 'inspects':
      return findObjectRow(core, scope, { bucket, name, access: { by: 'caller' } });
    case 'lists':
    case 'pages to':
      return isListed(core, row, asked.from);
    case 'signs':
      if ((await readableNames(core, scope, bucket, [name])).has(name)) return true;
      throw new SluiceError('object-not-found', 'what cannot be read is not signed');
    case 'signs among others':
      return (await readableNames(core, scope, bucket, ['no such', name])).has(name);
    case 'asks for an upload link to':
      return checkUpload(core, scope, { ...asked.from, ...PROBE });
    case 'deletes':
      return deleteOneObject(core, { ...scope, operation: 'storage.object.delete' }, bucket, name);
    case 'deletes among others':
      return (
        (
          await deleteManyObjects(core, { ...scope, operation: 'storage.object.delete_many' }, bucket, [
            'no such',
            name,
          ])
        ).length === 1
      );
    case 'enters':
      return demandPermits(core, { ...scope, permits: ['home-tree'], target: name.split('/')[0] ?? '' });
    case 'views':
      return findObjectRow(core, { ...scope, operation: 'uploads.view' }, { bucket, name, access: { by: 'caller' } });
    case 'views in a public folder':
      return findObjectRow(
        core,
        { ...scope, operation: 'uploads.view_folder' },
        { bucket, name, access: { by: 'caller' } },
      );
    case 'has the permit':
      return demandPermits(core, { ...scope, permits: [name], target: targetOf(row) });
    case 'revokes links to':
      return revoke(core, { ...scope, operation: 'storage.object.revoke_links' }, { bucket, name, fingerprint: null });
    default:
      return relocate(core, row, asked);
  }
}

/** Whose the thing is that a permit is asked for: a person's, by the id or for a tree by the name, or a backend's. */
function targetOf({ to = '', what }: Row): string {
  if (what === 'home-token') return to;
  return Object.hasOwn(SUBJECTS, to) ? (SUBJECTS[to as Person] ?? '') : to;
}

const PROBE = { upsert: false, contentType: null, sizeBytes: null, metadata: {}, userMetadata: {} };

function relocate(core: Core, row: Row, { from, table }: { from: Address; table: PolicyTable }): Promise<unknown> {
  const scope = scopeOf(callerOf(row.who));
  const move = { sourceBucket: from.bucket, sourceName: from.name, ...objectIn(table, row.to) };
  return row.does === 'copies'
    ? copyObjectTo(core, scope, { ...move, upsert: false })
    : moveObjectTo(core, { ...scope, operation: 'storage.object.move' }, move);
}

function upload(core: Core, row: Row, to: Address & { upsert: boolean }): Promise<unknown> {
  return putObject(core, scopeOf(callerOf(row.who)), {
    ...to,
    body: Readable.from([Buffer.from('new bytes')]),
    sizeBytes: 9,
    facts: { contentType: 'text/plain', cacheControl: 'no-cache', userMetadata: {}, robots: null },
  });
}

async function isListed(core: Core, row: Row, { bucket, name }: Address): Promise<boolean> {
  const scope = scopeOf(callerOf(row.who));
  const order = { column: 'name', order: 'asc', limit: 100 } as const;
  if (row.does === 'lists') {
    const folder = posix.dirname(name) === '.' ? '' : `${posix.dirname(name)}/`;
    const entries = await listFolder(core, scope, { bucket, folder, search: '', offset: 0, ...order });
    return entries.some(entry => entry.name === name);
  }
  const page = await listPage(core, scope, { bucket, prefix: '', delimited: false, after: null, ...order });
  return page.entries.some(entry => entry.name === name);
}
