/** How V8 weighs memory against time in a gateway's process. It says nothing of flags that it does not know: a test asks. */
import { setFlagsFromString } from 'node:v8';

/**
 * From now on the memory in which V8 makes new objects keeps its size. A start makes much that stays, for which V8 enlarges it
 * to 32 MiB, and it never gives an idle process any of that back. Held small until the gateway serves, it grows when load asks
 * for it: 17 MiB less of an idle process, and nothing lost under load. To be called before anything is loaded.
 */
export function holdYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** From now on it grows as V8 likes, twofold at a time. */
export function letYoungGenerationGrow(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}

/**
 * Lets what V8 counts grow to three times what is in use before it marks the whole heap again. Node's HTTP parser takes new
 * memory for every piece of a body, and V8 counts up to 32 MiB of that before it frees it cheaply. After a quiet time its own
 * limit is 9 MiB above what is in use (factor 1.1), so that a large upload makes it mark the heap every 20 MiB: measured,
 * more CPU than all the rest of the upload. Its own factor lies between 1.1 and 4.
 */
export function giveHeapRoom(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
