/**
 * A request's body as a stream that operations may destroy: the socket lives on, so that the refusal can still be
 * answered (`finish-reply.ts` disposes of what is left of the body).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { SluiceError } from '../domain/errors.ts';
import { Relay, type RelayHooks } from '../streams/relay.ts';

const BODY = Symbol('the body of this request, once it has been opened');

/**
 * The bytes of the body, unbuffered; opened at most once. Nothing is read, and no `100 Continue` sent, before the first
 * read. A client that goes away before the end fails the stream with `aborted`: a truncated body never looks complete.
 */
export function openRequestBody(req: IncomingMessage & { [BODY]?: Relay }, onBytes?: RelayHooks['onBytes']): Relay {
  const body = new Relay(req, {
    ...(onBytes === undefined ? {} : { onBytes }),
    onFailure: clientGone,
    release: () => req.pause(),
  });
  req[BODY] = body;
  return body;
}

/** How many bytes the body has. Null for a chunked body. Node refuses a malformed Content-Length before we see it. */
export function declaredSizeOf(headers: IncomingHttpHeaders): number | null {
  if (headers['transfer-encoding'] !== undefined) return null;
  return Number(headers['content-length'] ?? 0);
}

/** Fails the body where it is still being read, so that the caller may discard what is left of it. */
export function closeRequestBody(req: IncomingMessage & { [BODY]?: Relay }): void {
  const body = req[BODY];
  if (body?.readableEnded === false) body.destroy(new SluiceError('aborted', 'The request was answered early'));
}

/** The error of a request whose client went away. */
export function clientGone(cause?: unknown): SluiceError {
  return new SluiceError('aborted', 'The client closed the connection before the request was done', { cause });
}
