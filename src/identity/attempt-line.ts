/**
 * Where logins wait that find a limit full of others which are still being judged: the right ones give back what they took,
 * so that it may have room in a moment. Takes nothing from a limit and decides none; the database counts, for all processes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode, SluiceError } from '../domain/errors.ts';

export interface AttemptLine {
  /**
   * What `take` gives. Where it rejects with `rate-limited` and something was taken a moment ago (fact `takenMsAgo`), it is
   * tried again until the limit has room, has rested, or patience or the request is at its end; and then rejects so.
   */
  attempt<Value>(signal: WaitSignal, keys: readonly string[], take: () => Promise<Value>): Promise<Value>;
}

interface WaitSignal {
  readonly aborted: boolean;
}

/** No password takes longer to judge, unless so many are judged at once that one of them was begun in between. */
const JUDGED_WITHIN_MS = 2_000;
const PATIENCE_MS = 5_000;
const AGAIN_AFTER_MS = 100;
/** Whoever comes beyond is refused at once. */
const MOST_WAITING = 1_000;

export function makeAttemptLine(): AttemptLine {
  /** The last in line, by the first key. Only the first in each line asks again, so a crowd asks no oftener than one. */
  const lines = new Map<string, Promise<void>>();
  let waiting = 0;

  async function inTurn<Value>(line: string, work: () => Promise<Value>): Promise<Value> {
    const mine = (lines.get(line) ?? Promise.resolve()).then(work);
    const settled = mine.then(
      () => {},
      () => {},
    );
    lines.set(line, settled);
    waiting += 1;
    try {
      return await mine;
    } finally {
      waiting -= 1;
      if (lines.get(line) === settled) lines.delete(line);
    }
  }

  return {
    async attempt(signal, keys, take) {
      const patientUntil = performance.now() + PATIENCE_MS;
      try {
        return await take();
      } catch (error) {
        if (!mayHaveRoomSoon(error) || waiting >= MOST_WAITING) throw error;
        return inTurn(keys[0] ?? '', async () => {
          for (let last = error; ; ) {
            if (signal.aborted || performance.now() >= patientUntil) throw last;
            try {
              return await take();
            } catch (again) {
              if (!mayHaveRoomSoon(again)) throw again;
              last = again;
            }
            await pause(AGAIN_AFTER_MS);
          }
        });
      }
    },
  };
}

function mayHaveRoomSoon(error: unknown): boolean {
  if (errorCode(error) !== 'rate-limited' || !(error instanceof SluiceError)) return false;
  const { takenMsAgo = null } = error.facts;
  return typeof takenMsAgo === 'number' && takenMsAgo < JUDGED_WITHIN_MS;
}
