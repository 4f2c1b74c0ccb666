/**
 * Every open connection of a server with the exchange that it carries, and the idle rule: a client that owes us bytes,
 * or has not taken those we sent, and moves nothing for a while is dropped. While the gateway itself is what everybody
 * waits for (Postgres, the store), no clock runs.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerBadRequest } from './bad-request-reply.ts';

export interface Connections {
  /** From now on every reply says `Connection: close`, those in flight included unless their headers have left. */
  closeAfterReply(): void;
  /** Closes at once whatever is still open. */
  destroyAll(): void;
  readonly count: number;
  /** Connections whose latest request is not over. */
  readonly busyCount: number;
}

export function trackConnections(server: Server, idleTimeoutMs: number): Connections {
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
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const res = replies.get(socket);
    if (res && !res.writableFinished && res.headersSent) socket.destroy();
    else answerBadRequest(error, socket);
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

function closeAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('connection', 'close');
}

/** Is it the client that does not move: no next request, no more of its body, no reading of our reply? */
function isClientsTurn(res: ServerResponse, socket: Socket): boolean {
  if (res.writableFinished || socket.writableLength > 0) return true;
  const { req } = res;
  const weRead = req.readableFlowing !== null && !req.isPaused();
  return !req.complete && weRead && req.readableLength === 0;
}
