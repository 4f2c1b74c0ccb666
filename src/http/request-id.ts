/** The id that joins a reply, its log line and the caller's own records. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Short, and free of anything a log, a header or a shell could misread. */
const SAFE_ID = /^[\w.:@+=/-]{1,128}$/;

/** Puts `x-request-id` on the reply: the client's own where it is safe, else a fresh one. Returns it. */
export function assignRequestId(req: IncomingMessage, res: ServerResponse): string {
  const given = req.headers['x-request-id'];
  const id = typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID();
  res.setHeader('x-request-id', id);
  return id;
}
