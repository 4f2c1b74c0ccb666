/** What a request turned out to be, written down by whoever learns it, for the log line and the metrics at its end. */
import type { ServerResponse } from 'node:http';

export interface RequestRecord {
  /** The operation id of the contract; null for a path that is none. */
  operationId: string | null;
  /** The database role of the caller; null where nobody was asked. */
  role: string | null;
  /** Who the caller is, as the token's `sub` says. */
  subject: string | null;
  /** Why a token that came was passed over, where none was needed. */
  ignoredLogin: string | null;
  /** What the reply refuses or fails with. */
  error: unknown;
}

const RECORD = Symbol('the record of this request');

/** The record of the request that this response answers; the same at every call. */
export function recordOf(res: ServerResponse & { [RECORD]?: RequestRecord }): RequestRecord {
  res[RECORD] ??= { operationId: null, role: null, subject: null, ignoredLogin: null, error: null };
  return res[RECORD];
}
