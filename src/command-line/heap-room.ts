/** How the garbage collector of a gateway's process weighs memory against time. */
import { setFlagsFromString } from 'node:v8';

/**
 * Lets what V8 counts grow to three times what is in use before it marks the whole heap again. Node's HTTP parser takes new
 * memory for every piece of a body, and V8 counts up to 32 MiB of that before it frees it cheaply. After a quiet time its own
 * limit is 9 MiB above what is in use (factor 1.1), so that a large upload makes it mark the heap every 20 MiB: measured,
 * more CPU than all the rest of the upload. Its own factor lies between 1.1 and 4.
 */
export function giveHeapRoom(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
