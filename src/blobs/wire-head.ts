/**
 * The head of an HTTP/1.1 answer, read strictly (RFC 9112 §4, §5, §6.3): what is not plainly an answer with one length
 * is no answer to build on. Reads no body.
 */
import { BlobStoreError } from './blob-store.ts';

export interface AnswerHead {
  readonly status: number;
  /** By lower-case name; equal names are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the body says by itself where it ends: chunks, or the end of the connection. */
  readonly bodyBytes: number | null;
  /** Whether the connection is good for another request after this body. */
  readonly keepsConnection: boolean;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d)(?: |$)/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const LINE_BREAK = /[\r\n]/;
const LENGTH = /^\d{1,15}$/;

/** Reads the lines up to the empty one, without it. Throws `failed` where they are no head of HTTP/1.1. */
export function parseAnswerHead(text: string, method: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = Number(STATUS_LINE.exec(statusLine)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw malformed('status line');
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (!HEADER_NAME.test(name) || LINE_BREAK.test(line)) throw malformed('header line');
    const key = name.toLowerCase();
    const value = trimmed(line, colon + 1);
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const bodyBytes = bodyLength(status, headers, method);
  const keepsConnection = bodyBytes !== null && !/\bclose\b/i.test(headers.connection ?? '');
  return { status, headers, bodyBytes, keepsConnection };
}

/** What follows `from`, without spaces and tabs at either end, and those alone: `trim` would take more. */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line, start)) start += 1;
  while (end > start && isBlank(line, end - 1)) end -= 1;
  return line.slice(start, end);
}

function isBlank(line: string, index: number): boolean {
  const code = line.charCodeAt(index);
  return code === 0x20 || code === 0x09;
}

function bodyLength(status: number, headers: Readonly<Record<string, string>>, method: string): number | null {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
  if (headers['transfer-encoding'] !== undefined) return null;
  const length = headers['content-length'];
  if (length === undefined) return null;
  if (!LENGTH.test(length)) throw malformed('length');
  return Number(length);
}

function malformed(what: string): BlobStoreError {
  return new BlobStoreError('failed', `S3 answered with a malformed ${what}`);
}
