/**
 * A stretch of network that a test can spoil: TCP on a port of this machine, carried to a real server. It knows bytes
 * and connections, no protocol.
 */
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Weakness {
  /**
   * `refused`: nobody listens, and who was connected is reset. `reset`: connections are accepted and reset at once.
   * `silent`: connections are accepted, those there are stay, and no byte passes; they stay silent when the link is mended,
   * as connections do whose route or partner was lost.
   */
  readonly state?: 'refused' | 'reset' | 'silent';
  /** Each piece of bytes, in either direction, comes so much later. */
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
  /** Each connection is reset once so many more bytes have passed that way. */
  readonly cut?: { readonly towards: 'server' | 'client'; readonly afterBytes: number };
}

export interface WeakLink {
  readonly port: number;
  /** From now on, for connections that are open and for new ones. `{}` is a link that works. */
  weaken(weakness: Weakness): Promise<void>;
  /** Connections that are open from the client's side. */
  readonly openCount: number;
  /** Those of them that were silenced once. */
  readonly lostCount: number;
  stop(): Promise<void>;
}

interface Carried {
  readonly client: Socket;
  readonly server: Socket;
  isLost: boolean;
  /** Bytes that may still pass before the connection is reset. */
  left: { client: number; server: number };
}

type Side = 'client' | 'server';

export async function startWeakLink(server: NetConnectOpts): Promise<WeakLink> {
  const carried = new Set<Carried>();
  let weakness: Weakness = {};
  const listener = createServer({ noDelay: true }, client => accept(client));

  function accept(client: Socket): void {
    if (weakness.state === 'reset') {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const one: Carried = { client, server: connect(server), isLost: false, left: limitsOf(weakness) };
    carried.add(one);
    if (weakness.state === 'silent') lose(one);
    for (const side of ['client', 'server'] as const) {
      one[side].on('error', () => {});
      one[side].on('close', () => end(one, otherOf(side)));
      one[side].on('data', (chunk: Buffer) => void pass(one, otherOf(side), chunk));
    }
  }

  async function pass(one: Carried, towards: Side, chunk: Buffer): Promise<void> {
    const from = one[otherOf(towards)];
    if (one.isLost) return;
    from.pause();
    const { latencyMs = 0, bytesPerSecond } = weakness;
    const dueMs = latencyMs + (bytesPerSecond === undefined ? 0 : (chunk.length / bytesPerSecond) * 1000);
    if (dueMs > 0) await delay(dueMs);
    if (one.isLost) return;
    const allowed = chunk.subarray(0, one.left[towards]);
    one.left[towards] -= allowed.length;
    const takesMore = one[towards].write(allowed);
    if (one.left[towards] === 0) reset(one);
    else if (takesMore) from.resume();
    else one[towards].once('drain', () => !one.isLost && from.resume());
  }

  function lose(one: Carried): void {
    one.isLost = true;
    one.client.pause();
    one.server.pause();
  }

  /** A lost connection reads on, and drops what it reads, only to hear that the other side has closed. */
  function notice(one: Carried): void {
    one.client.resume();
    one.server.resume();
  }

  function reset(one: Carried): void {
    one.client.resetAndDestroy();
    one.server.destroy();
  }

  /** One side is gone; the other still gets what was on its way. */
  function end(one: Carried, left: Side): void {
    if (one[left].destroyed || one.isLost) one[left].destroy();
    else one[left].destroySoon();
    if (one.client.closed && one.server.closed) carried.delete(one);
  }

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      listener.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  const deafen = () => new Promise<void>(resolve => listener.close(() => resolve()));

  await listen(0);
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    get openCount() {
      return [...carried].filter(({ client }) => !client.destroyed).length;
    },
    get lostCount() {
      return [...carried].filter(({ client, isLost }) => isLost && !client.destroyed).length;
    },
    async weaken(next) {
      weakness = next;
      for (const one of carried) {
        one.left = limitsOf(next);
        if (next.state === 'silent') lose(one);
        else if (next.state !== undefined) reset(one);
        else if (one.isLost) notice(one);
      }
      if (next.state === 'refused' && listener.listening) await deafen();
      if (next.state !== 'refused' && !listener.listening) await listen(port);
    },
    async stop() {
      for (const one of carried) reset(one);
      if (listener.listening) await deafen();
    },
  };
}

function otherOf(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}

function limitsOf({ cut }: Weakness): Carried['left'] {
  const limitOf = (side: Side) => (cut?.towards === side ? cut.afterBytes : Number.POSITIVE_INFINITY);
  return { client: limitOf('client'), server: limitOf('server') };
}
