/** Answers the core's questions about an error of the file system. */
import { type BlobFailure, BlobStoreError } from './blob-store.ts';
import { systemCode } from './system-code.ts';

const FAILURES: Readonly<Record<string, BlobFailure>> = {
  ENOENT: 'absent',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  EAGAIN: 'unavailable',
  EBUSY: 'unavailable',
  ENOMEM: 'unavailable',
};

/** Any error as one of the store's own. The path stays in the cause, out of the message. */
export function toFileFailure(error: unknown): BlobStoreError {
  if (error instanceof BlobStoreError) return error;
  const code = systemCode(error) ?? 'unknown error';
  return new BlobStoreError(FAILURES[code] ?? 'failed', `the file system answered ${code}`, error);
}
