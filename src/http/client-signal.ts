/** Tells an operation that nobody waits for its reply any more. */
import type { ServerResponse } from 'node:http';
import { clientGone } from './request-body.ts';

/** Aborted, with an `aborted` error as its reason, when the connection closes before the reply is complete. */
export function makeClientSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    if (!res.writableFinished) controller.abort(clientGone());
  };
  if (res.destroyed) abort();
  else res.once('close', abort);
  return controller.signal;
}
