/**
 * Every open connection of a server with the exchange that it carries, and the idle rule: a client that owes us bytes,
 * or has not taken those we sent, and moves nothing (of a body, next to nothing) for a while is dropped. While the gateway
 * itself is what everybody waits for (Postgres, the store), no clock runs.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerBadRequest, type BadRequest } from './bad-request-reply.ts';

export interface Connections {
  /** From now on every reply says `Connection: close`, those in flight included unless their headers have left. */
  closeAfterReply(): void;
  /** Closes at once whatever is still open. */
  destroyAll(): void;
  readonly count: number;
  /** Connections whose latest request is not over. */
  readonly busyCount: number;
}

export interface ConnectionOptions {
  readonly idleTimeoutMs: number;
  /** Told of bytes that were no request, but not of connections that a browser opened ahead and never used. */
  readonly onBadRequest?: ((request: BadRequest) => void) | undefined;
}

export function trackConnections(server: Server, { idleTimeoutMs, onBadRequest }: ConnectionOptions): Connections {
  const replies = new Map<Socket, ServerResponse | null>();
  let closing = false;

  server.on('connection', socket => {
    replies.set(socket, null);
    socket.once('close', () => replies.delete(socket));
  });
  server.on('request', (req, res) => {
    replies.set(req.socket, res);
    if (closing) closeAfter(res);
  });
  // Node restarts this clock at every byte in either direction, and does not run it out while a write makes progress.
  server.timeout = idleTimeoutMs;
  server.on('timeout', socket => {
    const res = replies.get(socket);
    if (!res || isClientsTurn(res, socket)) socket.destroy();
    else socket.setTimeout(idleTimeoutMs);
  });
  const pace = setInterval(() => {
    for (const [socket, res] of replies) if (res && isCrawling(res, idleTimeoutMs)) socket.destroy();
  }, idleTimeoutMs / LOOKS_PER_TIMEOUT).unref();
  server.on('close', () => clearInterval(pace));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const res = replies.get(socket);
    if (res && !res.writableFinished && res.headersSent) socket.destroy();
    else {
      const isOfRequest = res && !res.writableFinished; // whose own line tells
      const refused = answerBadRequest(error, socket);
      if (refused !== null && socket.bytesRead > 0 && !isOfRequest) onBadRequest?.(refused);
    }
  });

  return {
    get count() {
      return replies.size;
    },
    get busyCount() {
      let busy = 0;
      for (const res of replies.values()) if (res && !res.writableFinished) busy += 1;
      return busy;
    },
    closeAfterReply() {
      closing = true;
      for (const res of replies.values()) if (res) closeAfter(res);
    },
    destroyAll() {
      for (const socket of replies.keys()) socket.destroy();
    },
  };
}

/** Any bytes at all restart Node's clock. A body has to bring this many in the same time to count as moving. */
const LEAST_BODY_BYTES = 1024;
const LOOKS_PER_TIMEOUT = 4;

const PACE = Symbol('since when the client has owed us the rest of its body, and what it had sent by then');

/** Has the client sent less than the least for the whole time, though we were reading? To be asked again and again. */
function isCrawling(res: ServerResponse & { [PACE]?: { at: number; bytes: number } }, withinMs: number): boolean {
  const { req } = res;
  if (req.complete || !isReading(req)) {
    delete res[PACE];
    return false;
  }
  const now = { at: performance.now(), bytes: req.socket.bytesRead };
  const since = res[PACE] ?? now;
  res[PACE] = now.bytes - since.bytes < LEAST_BODY_BYTES ? since : now;
  return res[PACE] === since && now.at - since.at >= withinMs;
}

function isReading(req: IncomingMessage): boolean {
  return req.readableFlowing !== null && !req.isPaused() && req.readableLength === 0;
}

function closeAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('connection', 'close');
}

/** Is it the client that does not move: no next request, no more of its body, no reading of our reply? */
function isClientsTurn(res: ServerResponse, socket: Socket): boolean {
  if (res.writableFinished || socket.writableLength > 0) return true;
  return !res.req.complete && isReading(res.req);
}
