/** Tells an operation that nobody waits for its reply any more. */
import type { ServerResponse } from 'node:http';
import { RequestSignal } from '../streams/request-signal.ts';
import { whenReplied } from './reply-outcome.ts';
import { clientGone } from './request-body.ts';

/** Aborted, with an `aborted` error as its reason, when the connection closes before the reply is complete. */
export function makeClientSignal(res: ServerResponse): AbortSignal {
  const signal = new RequestSignal();
  whenReplied(res, complete => {
    if (!complete) signal.abort(clientGone());
  });
  return signal;
}
