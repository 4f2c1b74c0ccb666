/**
 * Writes a short reply at once, also while the client is still sending a body that nobody wants. Closing a socket with
 * unread bytes in it resets the connection, and the client would see ECONNRESET instead of the reply; so the rest is
 * read and discarded for a while (RFC 9112 §9.6), up to a bound in bytes and in time.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { markAnswered } from './reply-outcome.ts';
import { closeRequestBody } from './request-body.ts';

/** What is left of a body up to this length is simply read, and the connection kept. */
const KEEP_ALIVE_BYTES = 64 * 1024;
const LINGER_BYTES = 32 * 1024 * 1024;
const LINGER_MS = 5_000;

export interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** Undefined for a reply that has no body. */
  readonly body?: Buffer | undefined;
}

/**
 * Sends the reply, with its Content-Length. Does nothing when a reply has begun already: call it from error handlers
 * without asking. When much of the request is still to come, the reply says `Connection: close`.
 */
export function finishReply(res: ServerResponse, reply: Reply): void {
  if (res.headersSent || res.destroyed) return;
  const { status, body } = reply;
  const headers = body === undefined ? reply.headers : { 'content-length': body.length, ...reply.headers };
  const req = res.req;
  if (!expectsMore(req)) {
    res.writeHead(status, headers).end(body);
    return;
  }
  closeRequestBody(req);
  if (isShort(req)) {
    res.writeHead(status, headers).end(body);
    req.resume();
  } else {
    res.writeHead(status, { ...headers, connection: 'close' });
    if (body === undefined) res.flushHeaders();
    else res.write(body);
    markAnswered(res);
    res.socket?.end(); // our side only: the client sees the end of the reply and may hang up
    linger(req, res);
  }
}

function expectsMore(req: IncomingMessage): boolean {
  if (req.complete || req.destroyed) return false;
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** A client that was not told to continue may or may not send the body; that connection cannot be kept. */
function isShort(req: IncomingMessage): boolean {
  if (req.headers.expect !== undefined) return false;
  return Number(req.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= KEEP_ALIVE_BYTES;
}

function linger(req: IncomingMessage, res: ServerResponse): void {
  let discardedBytes = 0;
  const finish = () => {
    clearTimeout(timer);
    req.off('data', discard);
    req.off('close', finish);
    res.end();
  };
  const discard = (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > LINGER_BYTES) finish();
  };
  const timer = setTimeout(finish, LINGER_MS);
  timer.unref();
  req.on('error', () => {}); // the client may well hang up now
  req.on('close', finish);
  req.on('data', discard);
  req.resume();
}
