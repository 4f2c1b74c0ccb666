/**
 * Did the client get the reply? Node's own answers mislead: once a socket is destroyed, `finish` is emitted and
 * `writableFinished` is true whatever had been sent, and a client that hangs up as soon as it has read an early refusal
 * leaves a reply that never finishes.
 */
import type { ServerResponse } from 'node:http';

const ANSWERED = Symbol('all of this reply has been written, though it is not ended');

/** Who waits for the outcome, in the order of asking; undefined where nobody does, or they have been told. */
const WAITING = Symbol('who waits to hear whether this reply was sent');
type Settle = (complete: boolean) => void;
type Reply = ServerResponse & { [ANSWERED]?: true; [WAITING]?: Settle[] | undefined };

/**
 * Calls back once: true when the whole reply was handed to the operating system, false when the client went before. All
 * who ask share two listeners.
 */
export function whenReplied(res: Reply, settle: Settle): void {
  if (res.destroyed) {
    settle(res[ANSWERED] === true);
    return;
  }
  if (res[WAITING] !== undefined) {
    res[WAITING].push(settle);
    return;
  }
  res[WAITING] = [settle];
  res.on('finish', () => tellAll(res, !res.req.socket.destroyed));
  res.on('close', () => tellAll(res, false));
}

function tellAll(res: Reply, complete: boolean): void {
  const waiting = res[WAITING] ?? [];
  res[WAITING] = undefined;
  for (const settle of waiting) settle(complete || res[ANSWERED] === true);
}

/** Says that nothing of the reply is missing any more, before `end` is called. */
export function markAnswered(res: Reply): void {
  res[ANSWERED] = true;
}
