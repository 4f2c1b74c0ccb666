/** `If-None-Match: *` of a write: nothing is replaced, whatever else the request says (RFC 9110 §13.1.2). */
import type { IncomingMessage } from 'node:http';
import { errorCode, malformed, SluiceError } from '../../domain/errors.ts';
import { partialityOf } from '../../http/write-conditions.ts';

/** Throws `invalid-parameter` for what a write would have to heed and cannot. */
export function refusePartiality({ headers }: IncomingMessage): void {
  const fault = partialityOf(headers);
  if (fault !== null) throw malformed(fault);
}

/** Writes with `upsert`, or without where the condition is given; then what is there already is `precondition-failed`. */
export async function heedingNoneMatch<Written>(
  { headers }: IncomingMessage,
  upsert: boolean,
  write: (upsert: boolean) => Promise<Written>,
): Promise<Written> {
  if (headers['if-none-match'] === undefined) return write(upsert);
  try {
    return await write(false);
  } catch (error) {
    if (errorCode(error) !== 'object-exists') throw error;
    throw new SluiceError('precondition-failed', 'The object exists already', { cause: error });
  }
}
