/** Ends a server's work in good order: what has begun is finished, nothing new is begun. */
import type { Server } from 'node:http';
import type { Connections } from './connections.ts';

/**
 * Stops accepting, closes idle connections, has every reply in flight say `Connection: close`, and resolves when the
 * last connection is closed, or when the deadline has passed and the rest was cut: true when nothing had to be cut.
 */
export async function drain(server: Server, connections: Connections, deadlineMs: number): Promise<boolean> {
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve());
  });
  connections.closeAfterReply();
  server.closeIdleConnections();
  // A reply whose headers had left already did not say close: its connection is idle, and open, once it is done.
  const sweep = setInterval(() => server.closeIdleConnections(), 100);
  let cut = false;
  const deadline = setTimeout(() => {
    cut = true;
    connections.destroyAll();
  }, deadlineMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
  return !cut;
}
