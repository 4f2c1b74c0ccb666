/** Reads the JSON body of a request, whole and bounded. Whether it fits the contract is decided by its check. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { SluiceError } from '../domain/errors.ts';

export const JSON_BODY_MAX_BYTES = 1024 * 1024;

/**
 * The parsed body; undefined for an empty one where `optional`, and null for a body of another content type, which is
 * left unread. Throws `too-large` above 1 MiB (part `body`), `invalid-parameter` (part `json`) for broken JSON and for
 * an empty body that is not optional, and `aborted` when the client goes away.
 */
export async function readJsonBody(req: IncomingMessage, { optional }: { optional: boolean }): Promise<unknown> {
  if (!isJson(req.headers['content-type'])) return optional ? undefined : null;
  const bytes = await readBytes(req);
  if (bytes.length === 0 && optional) return undefined;
  return parseJson(bytes, req.headers['content-encoding'] ?? 'identity');
}

const JSON_TYPE = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** Whether a Content-Type names JSON. */
export function isJson(contentType: string | undefined): boolean {
  return contentType === 'application/json' || (contentType !== undefined && JSON_TYPE.test(contentType));
}

/** Reads through events: iterating would destroy the socket, and with it the reply, when the limit is passed. */
function readBytes(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;

    function settle(outcome: () => void): void {
      req.off('data', take).off('end', finish).off('close', giveUp).off('error', giveUp);
      outcome();
    }
    function take(chunk: Buffer): void {
      sizeBytes += chunk.length;
      if (sizeBytes > JSON_BODY_MAX_BYTES) settle(() => reject(tooLarge()));
      else chunks.push(chunk);
    }
    function finish(): void {
      settle(() => resolve(Buffer.concat(chunks, sizeBytes)));
    }
    function giveUp(): void {
      settle(() => reject(new SluiceError('aborted', 'The client went away before its request was complete')));
    }

    if (Number(req.headers['content-length'] ?? 0) > JSON_BODY_MAX_BYTES) reject(tooLarge());
    else if (req.destroyed) giveUp();
    else req.on('data', take).on('end', finish).on('close', giveUp).on('error', giveUp);
  });
}

function tooLarge(): SluiceError {
  return new SluiceError('too-large', 'Request body is too large', { facts: { part: 'body' } });
}

function parseJson(bytes: Buffer, coding: string): unknown {
  const text = isUtf8(bytes) ? bytes.toString().replace(BYTE_ORDER_MARK, '') : '';
  try {
    return MENTIONS_PROTOTYPE.test(text) ? JSON.parse(text, withoutPrototype) : JSON.parse(text);
  } catch (cause) {
    throw new SluiceError('invalid-parameter', faultOf(bytes, coding), { facts: { part: 'json' }, cause });
  }
}

/** Some clients begin a text with it; RFC 8259 §8.1 allows to ignore it. */
const BYTE_ORDER_MARK = /^\ufeff/;

function faultOf(bytes: Buffer, coding: string): string {
  if (bytes.length === 0) return 'The body is empty, JSON is expected';
  const isCoded = !/^\s*(?:identity\s*)?$/i.test(coding);
  return isCoded ? 'The body is not valid JSON: send it without Content-Encoding' : 'The body is not valid JSON';
}

const MENTIONS_PROTOTYPE = /__proto__|\\u005f/i;

/** An own `__proto__` would become the prototype of whatever the object is assigned to. */
function withoutPrototype(this: object, key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
