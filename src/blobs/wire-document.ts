/**
 * The error document of an answer without a length, as far as it has come: where it ends, and what it says without the
 * framing of its chunks (RFC 9112 §7.1), which may cut a word in two. It parses no XML.
 */
import type { AnswerHead } from './wire-head.ts';

export interface WireDocument {
  readonly text: string;
  readonly isWhole: boolean;
}

/** A document is whole with its last tag or its last chunk; the end of the connection is for the caller to notice. */
export function documentIn(received: string, head: AnswerHead): WireDocument {
  const isChunked = head.header('transfer-encoding') !== undefined;
  const { text, isWhole } = isChunked ? withoutChunks(received) : { text: received, isWhole: false };
  return { text, isWhole: isWhole || text.includes('</Error>') };
}

function withoutChunks(received: string): WireDocument {
  const chunkHead = /([0-9a-f]{1,8})[^\r\n]*\r\n/iy;
  let text = '';
  for (let at = 0; ; ) {
    chunkHead.lastIndex = at;
    const [line, size] = chunkHead.exec(received) ?? [];
    if (line === undefined || size === undefined) return { text, isWhole: false };
    const sizeBytes = Number.parseInt(size, 16);
    if (sizeBytes === 0) return { text, isWhole: true };
    const start = at + line.length;
    text += received.slice(start, start + sizeBytes);
    at = start + sizeBytes + '\r\n'.length;
  }
}
