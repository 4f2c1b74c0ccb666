/**
 * Sends a body of any length as the parts of one S3 upload through the lean client, in a few buffers that are used again,
 * and has it hashed meanwhile. It neither begins nor completes the upload.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type BlockMemory, gatherBlocks } from '../streams/gather-blocks.ts';
import type { Md5 } from '../streams/md5.ts';
import { toS3Failure } from './s3-failure.ts';
import type { PutS3Part } from './s3-objects.ts';

/** The one being gathered, and two on their way: all the memory of an upload. */
const BUFFERS = 3;
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 100;

export interface PartedBody {
  readonly key: string;
  readonly uploadId: string;
  /** All parts but the last are as long as its blocks. */
  readonly memory: BlockMemory;
  readonly batches: AsyncIterable<Buffer[]>;
  /** Fed with every byte. */
  readonly md5: Md5;
  readonly signal: AbortSignal;
  /** Makes `batches` fail, because a part has. */
  readonly stop: () => void;
}

/**
 * Resolves with the ETags of the parts once the engine has all of them. Rejects with the first failure, when nothing is on
 * its way any more. A part that the engine is not there for is sent again.
 */
export async function sendParts(putPart: PutS3Part, body: PartedBody): Promise<string[]> {
  const etags: string[] = [];
  await gatherBlocks({
    ...body,
    blocks: BUFFERS,
    launch: async (bytes, index) => {
      const hashed = body.md5.update(bytes);
      const sent = sendPart(putPart, body, { number: index + 1, bytes });
      await Promise.allSettled([hashed, sent]); // The memory is theirs until both are done with it.
      await hashed;
      etags[index] = await sent;
    },
  });
  return etags;
}

async function sendPart(
  putPart: PutS3Part,
  { key, uploadId, signal }: PartedBody,
  part: { number: number; bytes: Buffer },
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await putPart({ key, uploadId, ...part, signal });
    } catch (error) {
      if (attempt === ATTEMPTS || toS3Failure(error, signal).failure !== 'unavailable') throw error;
      await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}
