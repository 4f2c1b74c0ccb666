/** The reply to bytes that are no HTTP request. There is no request object for them, so it is written by hand. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

const STATUS_BY_CODE: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};
const BAD_REQUEST = [400, 'Bad Request'] as const;

/** How long the client may take to read the reply before the connection is cut. */
const FAREWELL_MS = 2_000;

/** Bytes that were answered although no request could be made of them. */
export interface BadRequest {
  readonly requestId: string;
  readonly status: number;
  /** Who sent them, which may be a proxy. */
  readonly remote: string;
  /** What Node's parser calls the fault. */
  readonly error: string;
}

/**
 * Says what is wrong and closes the connection; returns what was wrong. Called again for the same connection, or where
 * nobody reads the reply, it does nothing and returns null.
 */
export function answerBadRequest(error: NodeJS.ErrnoException, socket: Socket): BadRequest | null {
  if (socket.writableEnded) return null;
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return null;
  }
  const requestId = randomUUID();
  const [status, text] = STATUS_BY_CODE[error.code ?? ''] ?? BAD_REQUEST;
  const body = JSON.stringify(badRequestBody(status, text, 'The request is not valid HTTP'));
  socket.end(
    [
      `HTTP/1.1 ${status} ${text}`,
      'connection: close',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'x-content-type-options: nosniff',
      `x-request-id: ${requestId}`,
      '',
      body,
    ].join('\r\n'),
  );
  setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  return { requestId, status, remote: socket.remoteAddress ?? '', error: error.code ?? error.message };
}

/** In the form of the bucket API, since nobody knows which API was meant. */
export function badRequestBody(status: number, error: string, message: string) {
  return { statusCode: String(status), error, message, code: 'InvalidRequest' };
}
