/** Buckets, policies and observations that the tests of the bucket API share. */
import { createHash } from 'node:crypto';
import type { Gateway } from './gateway.ts';

export interface BucketFixture {
  readonly public?: boolean;
  readonly fileSizeLimit?: number;
  readonly allowedMimeTypes?: readonly string[];
}

/** Adds a bucket by plain SQL. */
export async function addBucket({ db }: Gateway, id: string, bucket: BucketFixture = {}): Promise<void> {
  await db.sql(
    'insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values ($1, $1, $2, $3, $4)',
    [id, bucket.public ?? false, bucket.fileSizeLimit ?? null, bucket.allowedMimeTypes ?? null],
  );
}

/** In these buckets every signed-in user may do everything in the folder that bears his or her id, and nothing else. */
export async function allowOwnFolders({ db }: Gateway, ...buckets: string[]): Promise<void> {
  const mine = `bucket_id = any (array[${buckets.map(id => `'${id}'`).join(', ')}])
    and (storage.foldername(name))[1] = (select auth.uid())::text`;
  await db.sql(`create policy "own folders of ${buckets.join()}" on storage.objects to authenticated
    using (${mine}) with check (${mine})`);
}

/** Everything that uploads leave behind, once the sweeper has passed: rows, unfinished or dead blobs, bytes. */
export interface Traces {
  readonly rows: number;
  readonly unfinished: number;
  readonly blobs: number;
}

/**
 * An upload whose client has gone is given up in the background, so the ledger is read again until it holds nothing
 * unfinished any more; after five seconds it is returned as it is.
 */
export async function tracesOf({ db, app }: Gateway): Promise<Traces> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    await app.sweeper.run();
    const [counted] = await db.sql<{ rows: string; unfinished: string }>(
      `select (select count(*) from storage.objects) as rows,
        (select count(*) from sluice.blobs where state <> 'live') as unfinished`,
    );
    const unfinished = Number(counted?.unfinished);
    if (unfinished > 0 && performance.now() < deadline) continue;
    let blobs = 0;
    for await (const _ of app.core.blobs.list(null)) blobs += 1;
    return { rows: Number(counted?.rows), unfinished, blobs };
  }
}

export function md5(bytes: string | Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** An ETag as it is sent for these bytes. */
export function etagOf(bytes: string | Buffer): string {
  return `"${md5(bytes)}"`;
}
