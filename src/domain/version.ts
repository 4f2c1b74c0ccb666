/** The ids of bytes, by which rows and the ledger name them. */
import { randomUUID } from 'node:crypto';

/**
 * A UUID that begins with two random digits and then the time in milliseconds (version 8, RFC 9562 section 5.8), and has 74
 * random bits. The two digits spread keys over a store's folders; behind them, versions that came together lie together in
 * the indexes, so that a change of a hundred thousand rows does not touch a block of the index for each.
 */
export function makeVersion(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  const random = randomUUID();
  return `${random.slice(0, 2)}${time.slice(0, 6)}-${time.slice(6, 10)}-8${time.slice(10)}${random.slice(17)}`;
}
