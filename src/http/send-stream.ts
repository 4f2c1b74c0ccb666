/**
 * Sends bytes to a client: no copying, no re-chunking, and never faster than the client reads. The headers leave with
 * the first chunk, so until then a failure can still be answered properly.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { LendingStream } from '../streams/lending-stream.ts';
import { whenReplied } from './reply-outcome.ts';
import { clientGone } from './request-body.ts';

export interface StreamReply {
  readonly res: ServerResponse;
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** Null for a reply without bytes: HEAD, 304. A buffer is as long as the Content-Length says. */
  readonly body: Readable | Buffer | null;
}

/**
 * Resolves when the reply is with the operating system. Rejects with the body's error when it fails: with nothing sent
 * when it fails before its first chunk (the caller answers), else with the connection reset, so that a short body never
 * looks complete, whether or not the reply has a Content-Length. A body whose length is not the Content-Length counts as
 * failed. Rejects with `aborted` when the client goes away. The body is destroyed in every case.
 */
export function sendStream({ res, status, headers, body }: StreamReply): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = Buffer.isBuffer(body) ? null : body;
    const fail = (error: Error) => {
      stream?.destroy();
      if (res.headersSent) reset(res);
      reject(error);
    };
    stream?.on('error', error => {
      if (!res.writableEnded) fail(error);
    });
    whenReplied(res, complete => (complete ? resolve() : fail(clientGone())));
    if (res.destroyed) return;
    if (stream !== null) forward({ res, status, headers, body: stream }, fail);
    else writeSafely(fail, () => res.writeHead(status, headers).end(body));
  });
}

/** Like `pipe`, but the head is written late, the end is checked, and nothing is left to interpretation. */
function forward({ res, status, headers, body }: StreamReply & { body: Readable }, fail: (error: Error) => void): void {
  const declared = headers['content-length'];
  const expectedBytes = declared === undefined ? null : Number(declared);
  let sentBytes = 0;
  /** Whether the next piece may come at once. */
  const send = (chunk: Buffer, whenSent?: () => void): boolean => {
    sentBytes += chunk.length;
    let isTaken = false;
    writeSafely(fail, () => {
      if (!res.headersSent) res.writeHead(status, headers);
      if (expectedBytes !== null && sentBytes > expectedBytes) throw wrongLength(sentBytes, expectedBytes);
      // Ending with the last chunk saves a write and a turn of the event loop.
      if (sentBytes === expectedBytes) res.end(chunk, whenSent);
      else isTaken = res.write(chunk, whenSent);
    });
    return isTaken;
  };
  if (body instanceof LendingStream) {
    body.lendTo(send);
  } else {
    body.on('data', (chunk: Buffer) => {
      if (!send(chunk)) body.pause();
    });
    res.on('drain', () => body.resume());
  }
  body.on('end', () => {
    if (res.writableEnded) return;
    writeSafely(fail, () => {
      if (!res.headersSent) res.writeHead(status, headers);
      if (expectedBytes !== null && sentBytes !== expectedBytes) throw wrongLength(sentBytes, expectedBytes);
      res.end();
    });
  });
  body.on('close', () => {
    if (!body.readableEnded && !res.writableEnded) fail(new Error('the bytes to send closed before their end'));
  });
}

/** `writeHead` throws on a stored value that no header may hold. */
function writeSafely(fail: (error: Error) => void, write: () => void): void {
  try {
    write();
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)));
  }
}

function wrongLength(sentBytes: number, expectedBytes: number): Error {
  return new Error(`the store gave ${sentBytes} bytes where ${expectedBytes} were declared`);
}

/** A plain close ends an HTTP/1.0 body cleanly; a reset never does. Only TCP can be reset. */
function reset(res: ServerResponse): void {
  if (res.socket?.remoteFamily !== undefined) res.socket.resetAndDestroy();
  res.destroy();
}
