/** Waits for an observation, by looking again and again; fails, naming it, when it does not come. */
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;

/** Resolves with what `look` gives once that is neither false nor null. A failing look counts as not yet. */
export async function until<T>(what: string, look: () => Promise<T | false | null>, timeoutMs = 20_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      const seen = await look();
      if (seen !== false && seen !== null) return seen;
    } catch (error) {
      last = error;
    }
    await delay(LOOK_EVERY_MS);
  }
  throw new Error(`not seen within ${timeoutMs} ms: ${what}`, { cause: last });
}
