/**
 * Lets at most so many requests keep the engine busy at once; the others wait in line, each with a deadline. A transfer that
 * waits for our own client, a slow reader or a slow sender, may take hours and asks nothing of the engine meanwhile: while
 * others are in line it loses its place, and goes on without one. That is looked for only while there is a line.
 */
import { BlobStoreError } from './blob-store.ts';

export interface SocketGate {
  /** At once when there is room. Else rejects with `aborted` by the signal, with `unavailable` after the longest wait. */
  enter(signal: AbortSignal | undefined): Place | Promise<Place>;
}

export interface Place {
  /** Says how to learn that the transfer waits for our own client, and not for the engine. */
  watch(isOurTurn: () => boolean): void;
  /** Gives the place back. To be called at the end; more often does no harm. */
  leave(): void;
}

/** Whoever waits for its client at two looks in turn is slow. */
const LOOK_EVERY_MS = 500;

export function makeSocketGate(limits: { most: number; waitMs: number; lookEveryMs?: number }): SocketGate {
  const { most, waitMs, lookEveryMs = LOOK_EVERY_MS } = limits;
  const inside = new Set<GatePlace>();
  const line = new Set<(place: Place) => void>();
  let looking: NodeJS.Timeout | null = null;

  function open(): Place {
    const place = new GatePlace(() => {
      if (!inside.delete(place)) return;
      const [next] = line; // A Set keeps the order of arrival.
      next?.(open());
    });
    inside.add(place);
    return place;
  }

  function look(): void {
    for (const place of inside) if (place.isStalled() && line.size > 0) place.leave();
    if (line.size > 0 || looking === null) return;
    clearInterval(looking);
    looking = null;
  }

  function waitInLine(signal: AbortSignal | undefined): Promise<Place> {
    looking ??= setInterval(look, lookEveryMs).unref();
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        line.delete(admit);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const admit = (place: Place) => settle(() => resolve(place));
      const refuse = (error: BlobStoreError) => settle(() => reject(error));
      const onAbort = () => refuse(new BlobStoreError('aborted', 'the request to S3 was aborted', signal?.reason));
      const timer = setTimeout(
        () => refuse(new BlobStoreError('unavailable', 'every connection to S3 is in use')),
        waitMs,
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      line.add(admit);
    });
  }

  return { enter: signal => (inside.size < most ? open() : waitInLine(signal)) };
}

class GatePlace implements Place {
  readonly leave: () => void;
  #isOurTurn: () => boolean = () => false;
  #wasOurTurn = false;

  constructor(leave: () => void) {
    this.leave = leave;
  }

  watch(isOurTurn: () => boolean): void {
    this.#isOurTurn = isOurTurn;
  }

  isStalled(): boolean {
    const before = this.#wasOurTurn;
    this.#wasOurTurn = this.#isOurTurn();
    return before && this.#wasOurTurn;
  }
}
