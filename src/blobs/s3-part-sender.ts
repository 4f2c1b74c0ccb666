/**
 * Sends a body of any length as the parts of one S3 upload through the lean client, in a few buffers that are used again.
 * It neither begins nor completes the upload.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { toS3Failure } from './s3-failure.ts';
import type { PutS3Part } from './s3-objects.ts';

/** The one being gathered, and two on their way: all the memory of an upload. */
const BUFFERS = 3;
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 100;

export interface PartedBody {
  readonly key: string;
  readonly uploadId: string;
  /** All parts but the last have this length. */
  readonly partSizeBytes: number;
  readonly pieces: AsyncIterable<Buffer>;
  readonly signal: AbortSignal;
  /** Makes `pieces` fail, because a part has. */
  readonly stop: () => void;
}

/**
 * Resolves with the ETags of the parts once the engine has all of them. Rejects with the first failure, when nothing is on
 * its way any more. A part that the engine is not there for is sent again.
 */
export async function sendParts(putPart: PutS3Part, body: PartedBody): Promise<string[]> {
  const etags: string[] = [];
  const underWay = new Set<Promise<void>>();
  const spare: Buffer[] = [];
  let buffers = 0;
  let failure: { error: unknown } | null = null;

  const send = async (number: number, part: Buffer, memory: Buffer) => {
    try {
      etags[number - 1] = await sendPart(putPart, body, { number, bytes: part });
      spare.push(memory);
    } catch (error) {
      failure ??= { error };
      body.stop();
    }
  };
  const launch = (number: number, memory: Buffer, length: number) => {
    const sending = send(number, memory.subarray(0, length), memory).finally(() => underWay.delete(sending));
    underWay.add(sending);
  };
  const takeBuffer = async (): Promise<Buffer> => {
    while (spare.length === 0 && buffers === BUFFERS) {
      await Promise.race(underWay);
      if (failure !== null) throw failure.error;
    }
    const used = spare.pop();
    if (used !== undefined) return used;
    buffers += 1;
    return Buffer.allocUnsafeSlow(body.partSizeBytes);
  };

  try {
    let number = 0;
    for await (const { memory, length } of gather(body, takeBuffer)) launch(++number, memory, length);
  } catch (error) {
    failure ??= { error };
  }
  await Promise.all(underWay);
  if (failure !== null) throw (failure as { error: unknown }).error;
  return etags;
}

/** The body in full parts and a last one. Each has its own memory until it is given back. */
async function* gather(
  { pieces, partSizeBytes }: PartedBody,
  takeBuffer: () => Promise<Buffer>,
): AsyncGenerator<{ memory: Buffer; length: number }, void, undefined> {
  let memory: Buffer | null = null;
  let length = 0;
  for await (const piece of pieces) {
    for (let offset = 0; offset < piece.length; ) {
      memory ??= await takeBuffer();
      const copied = piece.copy(memory, length, offset);
      offset += copied;
      length += copied;
      if (length < partSizeBytes) continue;
      yield { memory, length };
      memory = null;
      length = 0;
    }
  }
  if (memory !== null) yield { memory, length };
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
