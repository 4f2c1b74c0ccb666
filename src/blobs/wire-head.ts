/**
 * The head of an HTTP/1.1 answer, read strictly (RFC 9112 §4, §5, §6.3): what is not plainly an answer with one length
 * is no answer to build on. Reads no body. Of some twenty headers hardly any is asked for, so none is taken apart before.
 */
import { BlobStoreError } from './blob-store.ts';

export interface AnswerHead {
  readonly status: number;
  /** Null where the body says by itself where it ends: chunks, or the end of the connection. */
  readonly bodyBytes: number | null;
  /** Whether the connection is good for another request after this body. */
  readonly keepsConnection: boolean;
  /** The value of a header by its lower-case name; those of equal names are joined by commas. */
  header(name: string): string | undefined;
}

const HEAD = /^HTTP\/1\.1 ([1-5]\d\d)(?: [^\r\n]*)?(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*)*$/;
const LENGTH = /^\d{1,15}$/;

/** Reads the lines up to the empty one, without it. Throws `failed` where they are no head of HTTP/1.1. */
export function parseAnswerHead(text: string, method: string): AnswerHead {
  const status = HEAD.exec(text)?.[1];
  if (status === undefined) throw malformed('head');
  return new ParsedHead(text, Number(status), method);
}

class ParsedHead implements AnswerHead {
  readonly status: number;
  readonly bodyBytes: number | null;
  readonly keepsConnection: boolean;
  readonly #text: string;
  /** The same, so that names are found. */
  readonly #lowerCase: string;

  constructor(text: string, status: number, method: string) {
    this.#text = text;
    this.#lowerCase = text.toLowerCase();
    this.status = status;
    this.bodyBytes = this.#bodyBytes(method);
    this.keepsConnection = this.bodyBytes !== null && !/\bclose\b/i.test(this.header('connection') ?? '');
  }

  header(name: string): string | undefined {
    const start = `\r\n${name}:`;
    let joined: string | undefined;
    for (let at = this.#find(start, 0); at !== -1; at = this.#find(start, at + start.length)) {
      const end = this.#text.indexOf('\r\n', at + start.length);
      const value = trimmed(this.#text, at + start.length, end === -1 ? this.#text.length : end);
      joined = joined === undefined ? value : `${joined}, ${value}`;
    }
    return joined;
  }

  #find(start: string, from: number): number {
    return this.#lowerCase.indexOf(start, from);
  }

  #bodyBytes(method: string): number | null {
    const { status } = this;
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
    if (this.header('transfer-encoding') !== undefined) return null;
    const length = this.header('content-length');
    if (length === undefined) return null;
    if (!LENGTH.test(length)) throw malformed('length');
    return Number(length);
  }
}

/** Without spaces and tabs at either end, and those alone: `trim` would take more. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isBlank(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 0x20 || code === 0x09;
}

function malformed(what: string): BlobStoreError {
  return new BlobStoreError('failed', `S3 answered with a malformed ${what}`);
}
