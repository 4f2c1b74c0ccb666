/**
 * Lets at most so many requests on their way to the engine at once; the others wait in line, each with a deadline.
 * Undici's own queue does not do: a request in it hears neither of its abort nor of any time limit until a socket is
 * free, and slow readers can hold every socket for hours.
 */
import { BlobStoreError } from './blob-store.ts';

export interface SocketGate {
  /** Resolves when there is room. Rejects with `aborted` by the signal, with `unavailable` after the longest wait. */
  enter(signal: AbortSignal | undefined): Promise<void>;
  /** Gives the room back; exactly once for every `enter` that resolved. */
  leave(): void;
}

export function makeSocketGate(limits: { most: number; waitMs: number }): SocketGate {
  let inside = 0;
  const line = new Set<() => void>();

  function waitInLine(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        line.delete(admit);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const admit = () => settle(resolve);
      const refuse = (error: BlobStoreError) => settle(() => reject(error));
      const onAbort = () => refuse(new BlobStoreError('aborted', 'the request to S3 was aborted', signal?.reason));
      const timer = setTimeout(
        () => refuse(new BlobStoreError('unavailable', 'every connection to S3 is in use')),
        limits.waitMs,
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      line.add(admit);
    });
  }

  return {
    async enter(signal) {
      if (inside < limits.most) inside += 1;
      else await waitInLine(signal);
    },
    leave() {
      const [next] = line; // A Set keeps the order of arrival.
      if (next === undefined) inside -= 1;
      else next();
    },
  };
}
