/** What the headers of a write make it depend on (RFC 9110 §13.1 and §14.4). Reads have `read-conditions.ts`. */
import type { IncomingHttpHeaders } from 'node:http';

export const WHOLE_FILES_ONLY = 'a file is uploaded whole, without Content-Range';

/** Whether only a piece of a file comes, which would become a file of its own. */
export function isPiece(headers: { readonly 'content-range'?: unknown }): boolean {
  return headers['content-range'] !== undefined;
}

/** What an upload would have to heed and cannot: passed over, it would replace what its sender meant to keep. */
export function partialityOf(headers: IncomingHttpHeaders): string | null {
  if (isPiece(headers)) return WHOLE_FILES_ONLY;
  const isConditional = conditionOf(headers) !== null || (headers['if-none-match'] ?? '*').trim() !== '*';
  return isConditional ? 'the one condition of a write is If-None-Match: *, which replaces nothing' : null;
}

/** The name of the condition that an object be as its sender knows it; null where there is none. */
export function conditionOf(headers: IncomingHttpHeaders): string | null {
  if (headers['if-match'] !== undefined) return 'If-Match';
  return headers['if-unmodified-since'] === undefined ? null : 'If-Unmodified-Since';
}
