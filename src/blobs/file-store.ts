/**
 * The BlobStore on a local disk: one file per blob at `<root>/<key>`, written to `<root>/tmp` first, so that a name
 * under `<root>` only ever shows whole, synced bytes. Keeps no labels. Any number of processes may share one root.
 */
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, fstatSync, fsync, open as openByCallback } from 'node:fs';
import { access, constants, type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { makeBlockPool } from '../streams/block-pool.ts';
import { type BufferPool, LARGE_BUFFERS, makeBufferPool } from '../streams/buffer-pool.ts';
import { type BlockMemory, gatherBlocks } from '../streams/gather-blocks.ts';
import { type Md5Thread, makeMd5Thread } from '../streams/md5.ts';
import { type BlobBody, readBlobBody, restOf } from './blob-body.ts';
import {
  type BlobRange,
  type BlobStore,
  BlobStoreError,
  type DeletedBlob,
  type ListedBlob,
  type PutBlob,
  type StoredBlob,
} from './blob-store.ts';
import { FileBody } from './file-body.ts';
import { toFileFailure } from './file-failure.ts';
import { systemCode } from './system-code.ts';

/** Without the handle of `node:fs/promises`, which costs more than it gives where a file is only read, or a folder synced. */
const openDescriptor = promisify(openByCallback);

/** Hexadecimal digits and hyphens only: such a segment can be neither `..` nor `tmp`. */
const SEGMENT = /^[0-9a-f-]+$/;
const WRITTEN_BLOCKS = { blockBytes: 1024 * 1024, mostShared: 16 };
/** Longer writes make the kernel look for longer runs of free memory, which cost half as much again where it had to find them. */
const ONE_WRITE_BYTES = 256 * 1024;
/** The one being gathered, and two on their way to the disk: the memory of one upload. */
const BLOCKS = 3;
const UNLINKS_AT_ONCE = 16;
/** Each may take its thread as long as the disk takes to write. */
const SYNCS_AT_ONCE = 2;
const STATS_AT_ONCE = 32;

/** A store under `root`, an absolute or relative folder that `prepare` creates. Touches nothing until then. */
export function makeFileStore(settings: { root: string }): BlobStore {
  const { root } = settings;
  const place: Place = {
    root,
    syncedFolders: new Set(),
    pool: makeBufferPool(LARGE_BUFFERS),
    blockPool: makeBlockPool(WRITTEN_BLOCKS),
    md5Thread: makeMd5Thread(),
  };
  return {
    kind: 'file',
    put: blob => putFile(place, blob),
    open: (key, options) => openFile(place, key, options),
    stat: async key => statFile(pathOf(root, key)),
    delete: keys => deleteFiles(root, keys),
    abandon: key => removeTemporaries(root, key),
    list: after => listFiles(root, after),
    locate: async key => pathOf('/', key),
    check: () => asPlaceFailure(() => access(join(root, 'tmp'), constants.R_OK | constants.W_OK)),
    prepare: () => asPlaceFailure(() => makeFolders(root)),
    close: () => place.md5Thread.close(),
  };
}

/** The root, and its folders whose own entry is known to be synced: about 256 names when full. */
interface Place {
  readonly root: string;
  readonly syncedFolders: Set<string>;
  /** Memory for reading. */
  readonly pool: BufferPool;
  /** Memory for writing. */
  readonly blockPool: BlockMemory;
  readonly md5Thread: Md5Thread;
}

async function makeFolders(root: string): Promise<void> {
  await mkdir(join(root, 'tmp'), { recursive: true, mode: 0o700 });
  await syncFolder(root);
  await syncFolder(dirname(root));
}

async function putFile(place: Place, blob: PutBlob): Promise<StoredBlob> {
  const body = readBlobBody(blob);
  const temporary = join(place.root, 'tmp', `${temporaryPrefix(blob.key)}${randomUUID()}`);
  try {
    const target = pathOf(place.root, blob.key);
    const md5 = await writeSynced(place, temporary, body);
    await moveDurably(place, { temporary, target });
    return { sizeBytes: body.sizeBytes, md5 };
  } catch (error) {
    const cause = body.blame(toPlaceFailure(error));
    await rm(temporary, { force: true }).catch(() => {}); // What cannot be removed now is what `abandon` is for.
    throw cause;
  } finally {
    body.release();
  }
}

/** Resolves with the MD5 of what it wrote. */
async function writeSynced(place: Place, path: string, body: BlobBody): Promise<string> {
  const file = await open(path, 'wx', 0o600);
  try {
    const first = (await body.next()) ?? [];
    const md5 = body.ended ? await writeAtOnce(file, first) : await writeInBlocks(place, file, { first, body });
    await file.sync();
    return md5;
  } finally {
    await file.close();
  }
}

async function writeAtOnce(file: FileHandle, pieces: Buffer[]): Promise<string> {
  const whole = Buffer.concat(pieces);
  await writeWhole(file, whole, 0);
  return createHash('md5').update(whole).digest('hex');
}

/** Hashed while it is written. */
async function writeInBlocks(
  { blockPool, md5Thread }: Place,
  file: FileHandle,
  { first, body }: { first: Buffer[]; body: BlobBody },
): Promise<string> {
  const md5 = md5Thread.begin();
  try {
    await gatherBlocks({
      batches: restOf(first, body),
      memory: blockPool,
      blocks: BLOCKS,
      launch: async (bytes, index) => {
        const hashed = md5.update(bytes);
        const written = writeWhole(file, bytes, index * blockPool.blockBytes);
        await Promise.allSettled([hashed, written]); // The memory is theirs until both are done with it.
        await hashed;
        await written;
      },
      stop: () => body.release(),
    });
    return await md5.digest();
  } finally {
    md5.drop();
  }
}

/** A write may be partial (the disk fills, a signal arrives), and then the rest is ours to write. */
async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const length = Math.min(bytes.length - written, ONE_WRITE_BYTES);
    const { bytesWritten } = await file.write(bytes, written, length, position + written);
    written += bytesWritten;
  }
}

/**
 * Gives the file its name. A rename is durable only once the folder is synced, and a folder only once its parent is;
 * another process may have made the folder a moment ago, so finding it there proves nothing.
 */
async function moveDurably(place: Place, move: { temporary: string; target: string }): Promise<void> {
  const folder = dirname(move.target);
  if (!place.syncedFolders.has(folder)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(place.root);
    place.syncedFolders.add(folder);
  }
  try {
    await rename(move.temporary, move.target);
    await syncFolder(folder);
  } catch (error) {
    place.syncedFolders.delete(folder);
    await rm(move.target, { force: true }).catch(() => {});
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const descriptor = await openDescriptor(path, 'r');
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(descriptor, error => (error === null ? resolve() : reject(error)));
    });
  } finally {
    closeSync(descriptor); // What was only read is closed without waiting for the disk.
  }
}

async function openFile(
  place: Place,
  key: string,
  { range, signal }: { range: BlobRange | null; signal: AbortSignal },
): Promise<Readable> {
  const path = pathOf(place.root, key);
  if (signal.aborted) throw new BlobStoreError('aborted', 'the read was aborted', signal.reason);
  return asStoreFailure(async () => {
    const descriptor = await openDescriptor(path, 'r');
    try {
      const { size } = fstatSync(descriptor); // Of an open file, so nothing has to be fetched from the disk for it.
      // Without this a truncated file would end a ranged read early and look complete.
      if (range !== null && size <= range.end)
        throw new BlobStoreError('failed', 'the file is shorter than the range asked for');
      const bytes = range === null ? { start: 0, end: size } : { start: range.start, end: range.end + 1 };
      return addAbortSignal(signal, new FileBody(descriptor, { ...bytes, pool: place.pool }));
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  });
}

function statFile(path: string): Promise<{ sizeBytes: number; labels: null }> {
  return asStoreFailure(async () => ({ sizeBytes: (await stat(path)).size, labels: null }));
}

/**
 * A name that is gone may come back with the power until its folder is synced, and nobody would remember it then. That is
 * so too where the name was gone already: whoever removed it may have had no time for this.
 */
async function deleteFiles(root: string, keys: readonly string[]): Promise<DeletedBlob[]> {
  const outcomes = await inGroups(keys, UNLINKS_AT_ONCE, key => deleteFile(root, key));
  const shards = new Set(outcomes.filter(({ error }) => error === null).map(({ key }) => shardOf(key)));
  const failures = new Map<string, BlobStoreError>();
  await inGroups([...shards], SYNCS_AT_ONCE, async shard => {
    const failure = await syncShard(root, shard);
    if (failure !== null) failures.set(shard, failure);
  });
  return outcomes.map(({ key, error }) => ({ key, error: error ?? failures.get(shardOf(key)) ?? null }));
}

/** A few at a time, so that a batch does not fill the thread pool that everybody's reads need. */
async function inGroups<T, R>(all: readonly T[], atOnce: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < all.length; start += atOnce) {
    results.push(...(await Promise.all(all.slice(start, start + atOnce).map(work))));
  }
  return results;
}

async function deleteFile(root: string, key: string): Promise<DeletedBlob> {
  try {
    await unlink(pathOf(root, key));
    return { key, error: null };
  } catch (error) {
    const failure = toFileFailure(error);
    return { key, error: failure.failure === 'absent' ? null : failure };
  }
}

/** Null for success. Where there is no such folder there is no name in it either, if only the root is there. */
async function syncShard(root: string, shard: string): Promise<BlobStoreError | null> {
  try {
    await syncFolder(join(root, shard)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
      return access(join(root, 'tmp'));
    });
    return null;
  } catch (error) {
    return toPlaceFailure(error);
  }
}

function removeTemporaries(root: string, key: string): Promise<void> {
  return asPlaceFailure(async () => {
    const prefix = temporaryPrefix(key);
    const folder = join(root, 'tmp');
    for (const name of await readdir(folder)) {
      if (name.startsWith(prefix)) await rm(join(folder, name), { force: true });
    }
    await syncFolder(folder);
  });
}

/** Holds the names of one shard folder at a time. A file removed while listing is left out. */
async function* listFiles(root: string, after: string | null): AsyncGenerator<ListedBlob, void, undefined> {
  // The slash belongs to the key, so it takes part in the order: `3f-/x` comes before `3f/x`.
  const shards = (await asPlaceFailure(() => readdir(root)))
    .filter(name => SEGMENT.test(name))
    .map(name => `${name}/`)
    .sort();
  for (const shard of shards) {
    if (after !== null && shard < after.slice(0, shard.length)) continue;
    const keys = (await namesIn(join(root, shard))).sort().map(name => `${shard}${name}`);
    const wanted = after === null ? keys : keys.filter(key => key > after);
    for (let start = 0; start < wanted.length; start += STATS_AT_ONCE) {
      const group = await Promise.all(wanted.slice(start, start + STATS_AT_ONCE).map(key => lookAt(root, key)));
      for (const blob of group) if (blob !== null) yield blob;
    }
  }
}

/** Null: gone by now, or no file. */
async function lookAt(root: string, key: string): Promise<ListedBlob | null> {
  try {
    const found = await stat(join(root, key));
    return found.isFile() ? { key, sizeBytes: found.size, modifiedAt: found.mtime } : null;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw toFileFailure(error);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(name => SEGMENT.test(name));
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'ENOENT') return [];
    throw toFileFailure(error);
  }
}

async function asStoreFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFileFailure(error);
  }
}

async function asPlaceFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toPlaceFailure(error);
  }
}

/** Where the root or its folders are missing, the disk is away; no single blob is absent. */
function toPlaceFailure(error: unknown): BlobStoreError {
  const failure = toFileFailure(error);
  if (failure.failure !== 'absent') return failure;
  return new BlobStoreError('unavailable', 'the folder of the blobs is missing', failure.cause);
}

/** Refuses every key that the core does not make, so that none can leave `root`. */
function pathOf(root: string, key: string): string {
  const [shard, name, ...rest] = key.split('/');
  if (shard === undefined || name === undefined || rest.length > 0 || !SEGMENT.test(shard) || !SEGMENT.test(name))
    throw new BlobStoreError('failed', 'the key is not one that the gateway makes');
  return join(root, shard, name);
}

function shardOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function temporaryPrefix(key: string): string {
  return `${key.replaceAll('/', '_')}.`;
}
