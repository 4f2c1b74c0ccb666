/** Buckets and what may be said about them. */
import { SluiceError } from './errors.ts';
import { parseDecimalSize } from './sizes.ts';

export interface Bucket {
  readonly id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly public: boolean;
  readonly fileSizeLimit: number | null;
  readonly allowedMimeTypes: readonly string[] | null;
  readonly delivery: Delivery;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** How downloads leave: through the gateway, or straight from the store after the policy check. */
export type Delivery = 'proxy' | 'redirect';

/** What a bucket is created with, or changed to. Absent: left as it is. Null: no limit. */
export interface BucketRules {
  readonly public?: boolean | undefined;
  readonly fileSizeLimit?: number | null | undefined;
  readonly allowedMimeTypes?: readonly string[] | null | undefined;
  readonly delivery?: Delivery | undefined;
}

const MIME_PATTERN = /^(\*|[\w!#$&^.+-]+\/(\*|[\w!#$&^.+-]+)|\*\/\*)(\s*;\s*charset=[\w-]+)?$/i;
const MIME_TOTAL_MAX = 1000;

/**
 * A size limit as the bucket API writes it: bytes, or a number with `B`, `KB`, `MB` or `GB` (decimal, any case). Throws
 * `invalid-parameter` when malformed and `limit-too-large` above the server's own limit.
 */
export function parseFileSizeLimit(limit: number | string, maxUploadSizeBytes: number): number {
  const bytes = typeof limit === 'number' ? limit : parseDecimalSize(limit);
  if (bytes === null || !(bytes >= 0 && Number.isInteger(bytes))) {
    throw new SluiceError('invalid-parameter', `file_size_limit must be a number of bytes or a size such as "100MB"`);
  }
  if (bytes > maxUploadSizeBytes) {
    throw new SluiceError('limit-too-large', 'The object exceeded the maximum allowed size', {
      facts: { limit: maxUploadSizeBytes },
    });
  }
  return bytes;
}

/** Each entry is `*`, `type/*` or `type/subtype`; all together at most 1000 characters. Throws `invalid-mime-type`. */
export function parseMimePatterns(patterns: readonly string[]): readonly string[] {
  for (const pattern of patterns) {
    if (pattern.length > MIME_TOTAL_MAX || !MIME_PATTERN.test(pattern)) {
      throw new SluiceError('invalid-mime-type', `mime type ${pattern.slice(0, 200)} is not supported`);
    }
  }
  if (patterns.join('').length > MIME_TOTAL_MAX) {
    throw new SluiceError('invalid-mime-type', 'mime types are limited to 1000 characters in all');
  }
  return patterns;
}
