/** The ids of objects. */
import { randomUUID } from 'node:crypto';

/**
 * A UUID that begins with the time in milliseconds (version 7, RFC 9562 section 5.7) and has 74 random bits. Ids of objects
 * that came together lie together in the index, which is what a change of a hundred thousand of them waits for.
 */
export function makeObjectId(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
