/**
 * An upload, in three steps: begin (one round trip: rules, rehearsal under the caller's policies, ledger), the bytes
 * (no database connection held), commit (one round trip: rules and policies again, on facts). A crash or a refusal
 * between any two of them leaves at most a ledger entry with its bytes, which the sweeper removes. Where a small upload is
 * likely to be accepted, begin is left out (prompt-uploads.ts).
 */
import type { Readable } from 'node:stream';
import { type BlobLabels, BlobStoreError, type CopyBlob, type StoredBlob } from '../blobs/blob-store.ts';
import {
  abandonUpload,
  type BeginUpload,
  beginUpload,
  beginUploadBeside,
  type CommitUpload,
  commitFile,
  commitFolder,
  commitUpload,
  commitUploadBeside,
  expectLateBytes,
  type FoundName,
  renewUpload,
} from '../database/queries/uploads.ts';
import { asService, type RequestScope } from '../domain/caller.ts';
import { errorCode, SluiceError } from '../domain/errors.ts';
import { type FileRecord, fileLabelOf } from '../domain/files.ts';
import { parseObjectName } from '../domain/names.ts';
import { makeObjectId } from '../domain/object-id.ts';
import { DEFAULT_CACHE_CONTROL, type Json, metadataOf, storeKeyOf } from '../domain/objects.ts';
import { splitFileName } from '../domain/tree-path.ts';
import { makeVersion } from '../domain/version.ts';
import { limitBytes } from '../streams/limit-bytes.ts';
import { RequestSignal } from '../streams/request-signal.ts';
import { type Core, fromStore, onlyRow } from './core.ts';

/** What is said about the bytes. A form may say it after the bytes have passed. */
export interface UploadFacts {
  readonly contentType: string;
  readonly cacheControl: string;
  /** The coding that the bytes are in, as they come and as they will be sent; none unless given. */
  readonly contentEncoding?: string | null;
  readonly userMetadata: Json;
  readonly robots: string | null;
}

/** Bytes that are in the store already, where others may still write. They are copied, and the copy is judged. */
export interface StagedBytes {
  readonly stagedKey: string;
}

export interface PutRequest {
  readonly bucket: string;
  readonly name: string;
  /** Read to its end, or destroyed when the upload fails after begin. Not touched when begin refuses. */
  readonly body: Readable | StagedBytes;
  /** The exact number of bytes, where the client declared it. */
  readonly sizeBytes: number | null;
  /** What bounds the bytes, where their exact number was not declared but that of something around them was. */
  readonly longestBytes?: number | null;
  /** In hex, where the client declared it: other bytes are refused. */
  readonly md5?: string | null;
  readonly facts: UploadFacts;
  /** Called once the bytes have passed; for facts that a form carries after its file. */
  readonly finalFacts?: () => Promise<UploadFacts>;
  readonly upsert: boolean;
  /** Never overwrites and never refuses: where the name is taken, the next free one beside it is used. */
  readonly beside?: boolean;
  /** The placeholder that keeps the folder it lies in, of the storage tree: refused where a file stands in a folder's place. */
  readonly keepsFolder?: boolean;
  /** A redeemed upload link: the upload runs as the service, for the owner that the link names. */
  readonly link?: { readonly fingerprint: string; readonly issuedAt: Date; readonly owner: string | null };
  /** Of a file in the bucket `uploads`: written with the row, in one transaction. */
  readonly record?: FileRecord;
}

export interface PutResult {
  readonly id: string;
  /** What the object is called: what was asked for, except with `beside`. */
  readonly name: string;
  readonly etag: string;
  /** The number of the file's record, where one was given. */
  readonly fileId?: number;
}

/**
 * Stores the bytes and makes the row visible, or changes nothing. Throws `invalid-object-name`, `bucket-not-found`,
 * `access-denied`, `object-exists`, `too-large`, `mime-type-not-allowed`, `link-revoked`, `digest-mismatch`,
 * `upload-expired`, `aborted`, `unavailable`, `out-of-space`, with a record `folder-not-found`, and whatever the body fails with.
 */
export async function putObject(core: Core, scope: RequestScope, request: PutRequest): Promise<PutResult> {
  const acting = request.link === undefined ? scope : asService(scope);
  const prompt = promptVersion(core, acting, request);
  const version = prompt ?? makeVersion(core.now().getTime());
  const wanted = {
    role: acting.caller.role,
    bucket: request.bucket,
    name: parseObjectName(request.name),
    id: makeObjectId(core.now().getTime()),
    version,
    storeKey: storeKeyOf(version),
    ownerId: request.link === undefined ? scope.caller.subject : request.link.owner,
    upsert: request.upsert,
    maxSizeBytes: core.maxUploadSizeBytes,
  };
  const found = prompt === null ? await begin(core, acting, request, wanted) : unasked(wanted);
  const target = found.name === wanted.name ? wanted : { ...wanted, name: found.name };
  try {
    const { stored, facts } = await storeBytes(core, acting, { request, target, allowed: found.allowed });
    if (request.md5 && request.md5 !== stored.md5) throw otherBytes();
    const written = await commit(
      core,
      acting,
      { request, found },
      {
        contentType: facts.contentType,
        userMetadata: facts.userMetadata,
        metadata: metadataOf({ storedAt: core.now(), ...stored, ...facts }),
        ...stored,
        ...target,
      },
    );
    core.promptUploads.accepted(acting, request.bucket);
    return { etag: `"${stored.md5}"`, ...written };
  } catch (error) {
    core.promptUploads.failed(acting, { bucket: request.bucket, error });
    await giveUp(core, acting, { version, storeKey: wanted.storeKey, error });
    throw fromStore(error);
  }
}

/** What needs nothing that only begin finds out may go without it: no free name, no revocation of a link. */
function promptVersion(core: Core, scope: RequestScope, request: PutRequest): string | null {
  const { bucket, body, link, beside, record, sizeBytes, longestBytes } = request;
  if (link !== undefined || beside === true || record !== undefined || 'stagedKey' in body) return null;
  return core.promptUploads.takeVersion(scope, { bucket, longestBytes: sizeBytes ?? longestBytes ?? Infinity });
}

/** The rules are judged with the commit. */
function unasked({ name, maxSizeBytes }: Target): FoundName {
  return { name, attempt: 0, allowed: maxSizeBytes };
}

async function begin(core: Core, scope: RequestScope, request: PutRequest, target: Target): Promise<FoundName> {
  const upload = beginParameters(core, request, target);
  if (request.beside === true) {
    return onlyRow(await core.database.run(scope, beginUploadBeside, { ...upload, ...splitFileName(target.name) }));
  }
  return { name: target.name, attempt: 0, allowed: onlyRow(await core.database.run(scope, beginUpload, upload)) };
}

/** Throws `upload-expired` where a sweeper has taken the blob. */
async function commit(
  core: Core,
  scope: RequestScope,
  { request, found }: { request: PutRequest; found: FoundName },
  upload: CommitUpload,
): Promise<Omit<PutResult, 'etag'>> {
  const { name } = upload;
  if (request.record !== undefined) {
    const [file] = await core.database.run(scope, commitFile, { ...upload, record: request.record });
    if (file === undefined) throw expired();
    return { ...file, name };
  }
  if (request.beside === true) {
    const beside = { ...upload, ...splitFileName(request.name), attempt: found.attempt };
    const written = onlyRow(await core.database.run(scope, commitUploadBeside, beside));
    if (written.id === null) throw expired();
    return { id: written.id, name: written.name };
  }
  const [id] = await core.database.run(scope, request.keepsFolder === true ? commitFolder : commitUpload, upload);
  if (typeof id !== 'string') throw expired();
  return { id, name };
}

/**
 * Tells the ledger, so that no lease has to run out first. Safe whatever became of a commit whose answer was lost: only a
 * pending blob is given up. Where Postgres itself was away, asking it again would only double the client's wait.
 */
async function giveUp(
  { database, uploadLeaseMs: leaseMs }: Core,
  scope: RequestScope,
  { version, storeKey, error }: { version: string; storeKey: string; error: unknown },
): Promise<void> {
  if (errorCode(error) === 'unavailable') return;
  await (mayStillArrive(error)
    ? database.run(scope, expectLateBytes, { version, storeKey, leaseMs })
    : database.run(scope, abandonUpload, { version, storeKey })
  ).catch(() => {});
}

type Target = Omit<BeginUpload, 'sizeBytes' | 'contentType' | 'metadata' | 'userMetadata' | 'leaseMs' | 'link'>;

function beginParameters(core: Core, request: PutRequest, target: Target) {
  const { facts, sizeBytes } = request;
  return {
    contentType: facts.contentType,
    sizeBytes,
    metadata: declaredMetadata(facts, sizeBytes),
    userMetadata: facts.userMetadata,
    leaseMs: core.uploadLeaseMs,
    link: request.link ?? null,
    ...target,
  };
}

/** What policies can judge before the bytes: the keys are those of the finished row, as far as they are known. */
export function declaredMetadata(
  facts: Pick<UploadFacts, 'contentType' | 'cacheControl'>,
  sizeBytes: number | null,
): Json {
  return {
    mimetype: facts.contentType,
    cacheControl: facts.cacheControl,
    ...(sizeBytes === null ? {} : { size: sizeBytes, contentLength: sizeBytes }),
  };
}

/** Keeps the lease until all has come that belongs to the upload. */
async function storeBytes(
  core: Core,
  scope: RequestScope,
  { request, target, allowed }: { request: PutRequest; target: Target; allowed: number },
): Promise<{ stored: StoredBlob; facts: UploadFacts }> {
  const lease = keepLease(core, scope, target.version);
  try {
    const { body, sizeBytes } = request;
    const blob = { key: target.storeKey, labels: labelsOf(target, request), signal: lease.signal };
    // The store takes no more than was declared.
    const isLimited = sizeBytes !== null && sizeBytes <= allowed;
    const stored =
      'stagedKey' in body
        ? await copyStaged(core, { from: body.stagedKey, ...blob })
        : await core.blobs.put({
            body: isLimited ? body : limitBytes(body, allowed, () => tooLarge(allowed)),
            sizeBytes,
            ...blob,
          });
    return { stored, facts: (await request.finalFacts?.()) ?? request.facts };
  } catch (error) {
    throw lease.lost() ? expired() : error;
  } finally {
    lease.release();
  }
}

/** What a rebuild will know of the object: what was said before the bytes, where it is not the default. */
function labelsOf({ bucket, name, ownerId }: Target, { facts, record }: PutRequest): BlobLabels {
  const { contentType, contentEncoding, cacheControl, robots, userMetadata } = facts;
  const labels: { -readonly [Label in keyof BlobLabels]: BlobLabels[Label] } = {
    bucket,
    name,
    owner: ownerId,
    contentType,
  };
  if (record !== undefined) labels.file = fileLabelOf(record);
  if (contentEncoding) labels.contentEncoding = contentEncoding;
  if (cacheControl !== DEFAULT_CACHE_CONTROL) labels.cacheControl = cacheControl;
  if (robots !== null) labels.robots = robots;
  if (Object.keys(userMetadata).length > 0) labels.userMetadata = JSON.stringify(userMetadata);
  return labels;
}

function copyStaged({ blobs }: Core, blob: CopyBlob): Promise<StoredBlob> {
  if (blobs.copy === undefined) throw new BlobStoreError('failed', 'This store does not copy');
  return blobs.copy(blob);
}

/**
 * A store that went away may yet finish what it was sent, and so may one whose upload a sweeper has taken for dead. The
 * ledger then expects the bytes for another lease, so that no sweeper forgets them before they are there.
 */
function mayStillArrive(error: unknown): boolean {
  if (error instanceof BlobStoreError) return error.failure === 'unavailable';
  return errorCode(error) === 'upload-expired';
}

/** Renews the ledger's lease while bytes flow, and stops the upload when a sweeper has taken the blob. */
function keepLease(core: Core, scope: RequestScope, version: string) {
  const signal = new RequestSignal();
  let lost = false;
  const abort = () => signal.abort(scope.signal.reason);
  if (scope.signal.aborted) abort();
  scope.signal.addEventListener('abort', abort, { once: true });
  let isRenewing = false;
  const timer = setInterval(() => {
    if (isRenewing) return;
    isRenewing = true;
    core.database.run(scope, renewUpload, { version, leaseMs: core.uploadLeaseMs }).then(
      ([renewed]) => {
        isRenewing = false;
        if (renewed !== false) return;
        lost = true;
        signal.abort();
      },
      () => {
        isRenewing = false; // Postgres is away for a moment; the next third of the lease tries again
      },
    );
  }, core.uploadLeaseMs / 3);
  return {
    signal,
    lost: () => lost,
    release: () => {
      clearInterval(timer);
      scope.signal.removeEventListener('abort', abort);
    },
  };
}

function expired(): SluiceError {
  return new SluiceError(
    'upload-expired',
    'The upload took too long to renew its lease and was given up; send it again',
  );
}

function otherBytes(): SluiceError {
  return new SluiceError('digest-mismatch', 'The bytes that came are not those of the Content-MD5');
}

function tooLarge(allowed: number): SluiceError {
  return new SluiceError('too-large', 'The object exceeded the maximum allowed size', { facts: { limit: allowed } });
}
