/** A short reply, JSON or text, in one write. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { finishReply } from './finish-reply.ts';
import { API_SECURITY_HEADERS } from './security-headers.ts';

export interface JsonReply {
  readonly res: ServerResponse;
  readonly status: number;
  readonly body: unknown;
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * Sends the value with its length and the API's security headers. Also fit for refusals: see `finishReply` for a request
 * that is still being sent and for a reply that has begun.
 */
export function sendJson({ res, status, body, headers }: JsonReply): void {
  finishReply(res, {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...API_SECURITY_HEADERS, ...headers },
    body: Buffer.from(JSON.stringify(body)),
  });
}

/** Sends the text, as `sendJson` sends a value. */
export function sendText({ res, status, text }: { res: ServerResponse; status: number; text: string }): void {
  finishReply(res, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...API_SECURITY_HEADERS },
    body: Buffer.from(text),
  });
}

/** A handler that sends what another gives. */
export function sendingJson<Asked extends { readonly res: ServerResponse }>(
  bodyOf: (asked: Asked) => Promise<unknown>,
  status = 200,
) {
  return async (asked: Asked): Promise<void> => {
    sendJson({ res: asked.res, status, body: await bodyOf(asked) });
  };
}
