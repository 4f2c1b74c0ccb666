/**
 * Did the client get the reply? Node's own answers mislead: once a socket is destroyed, `finish` is emitted and
 * `writableFinished` is true whatever had been sent, and a client that hangs up as soon as it has read an early refusal
 * leaves a reply that never finishes.
 */
import type { ServerResponse } from 'node:http';

const ANSWERED = Symbol('all of this reply has been written, though it is not ended');

/** Calls back once: true when the whole reply was handed to the operating system, false when the client went before. */
export function whenReplied(res: ServerResponse & { [ANSWERED]?: true }, settle: (complete: boolean) => void): void {
  let settled = false;
  const once = (complete: boolean) => {
    if (settled) return;
    settled = true;
    settle(complete || res[ANSWERED] === true);
  };
  if (res.destroyed) {
    once(false);
    return;
  }
  res.on('finish', () => once(!res.req.socket.destroyed));
  res.on('close', () => once(false));
}

/** Says that nothing of the reply is missing any more, before `end` is called. */
export function markAnswered(res: ServerResponse & { [ANSWERED]?: true }): void {
  res[ANSWERED] = true;
}
