/**
 * Puts a new file into the bucket `uploads` under a public name: a stem that nobody guesses, and an extension by what the
 * bytes are. Beyond that an upload like any other.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { RequestScope } from '../domain/caller.ts';
import { contentTypeOfName } from '../domain/content-types.ts';
import { errorCode, SluiceError } from '../domain/errors.ts';
import { type FileRecord, type NameFormat, UPLOADS_BUCKET } from '../domain/files.ts';
import { DEFAULT_CACHE_CONTROL, DEFAULT_CONTENT_TYPE } from '../domain/objects.ts';
import { extensionOf, STEM_CHARACTERS, stemOfName } from '../domain/public-names.ts';
import { type DetectedType, detectType, SIGNATURE_BYTES } from '../streams/detect-type.ts';
import { peekHead } from '../streams/peek-head.ts';
import type { Core } from './core.ts';
import { type PutResult, putObject } from './put-object.ts';

export interface FileUpload {
  readonly body: Readable;
  /** Without any folder in front; null where the uploader says none. */
  readonly originalName: string | null;
  /** What the uploader says; counts where neither bytes nor name tell. */
  readonly declaredType: string | null;
  /** The stem, where the uploader chose it. */
  readonly fileName: string | null;
  readonly record: FileRecord;
  /** Resolves when the request was complete and right; nothing is kept before. */
  readonly complete: Promise<unknown>;
  /** For tests: where random stems come from. */
  readonly makeStem?: () => string;
}

export interface UploadedName {
  readonly name: string;
  /** The number of the file's record. */
  readonly fileId: number;
}

const STEM_ATTEMPTS = 5;

/**
 * Stores the bytes, which are looked at and never collected, with their record, or changes nothing. A random name that is
 * taken is made anew; throws `object-exists` for a chosen one, and what `putObject` and the body throw.
 */
export async function uploadFile(core: Core, scope: RequestScope, upload: FileUpload): Promise<UploadedName> {
  const { head, whole } = await peekHead(upload.body, SIGNATURE_BYTES);
  const detected = await detectType(head);
  const extension = extensionOf(upload.originalName, detected?.extension ?? null);
  const facts = {
    contentType: contentTypeOf(upload, detected, extension),
    cacheControl: DEFAULT_CACHE_CONTROL,
    userMetadata: {},
    robots: null,
  };
  for (let attempt = 1; ; attempt += 1) {
    const name = `${stemOf(upload, core.now())}.${extension}`;
    try {
      const { fileId } = await putObject(core, scope, {
        bucket: UPLOADS_BUCKET,
        name,
        body: whole,
        sizeBytes: null,
        facts,
        finalFacts: () => upload.complete.then(() => facts),
        upsert: false,
        record: upload.record,
      });
      return { name, fileId: numbered(fileId) };
    } catch (error) {
      if (errorCode(error) !== 'object-exists' || !mayTryAgain(upload, whole, attempt)) throw error;
    }
  }
}

/** A name that is taken is refused before the bytes are touched; later, and for a name that was chosen, it is an error. */
function mayTryAgain(upload: FileUpload, body: Readable, attempt: number): boolean {
  return isRandom(upload) && attempt < STEM_ATTEMPTS && !body.destroyed && !body.readableEnded;
}

function isRandom({ fileName, record }: FileUpload): boolean {
  return fileName === null && record.format === 'RANDOM';
}

function contentTypeOf(upload: FileUpload, detected: DetectedType | null, extension: string): string {
  if (detected !== null && detected.extension === extension) return detected.contentType;
  return contentTypeOfName(`x.${extension}`) ?? detected?.contentType ?? upload.declaredType ?? DEFAULT_CONTENT_TYPE;
}

function stemOf(upload: FileUpload, now: Date): string {
  if (upload.fileName !== null) return stemOfName(upload.fileName);
  const stems: Readonly<Record<NameFormat, () => string>> = {
    RANDOM: upload.makeStem ?? randomStem,
    UUID: randomUUID,
    DATE: () => now.toISOString().replace(/[:.]/g, '-'),
    NAME: () => (upload.originalName === null ? randomStem() : stemOfName(upload.originalName)),
  };
  return stems[upload.record.format]();
}

/** In base64url a character is one of 64: letters, digits, dash and underscore. */
function randomStem(): string {
  return randomBytes(STEM_CHARACTERS).toString('base64url').slice(0, STEM_CHARACTERS);
}

function numbered(fileId: PutResult['fileId']): number {
  if (fileId === undefined) throw new SluiceError('internal', 'a file without a record');
  return fileId;
}
