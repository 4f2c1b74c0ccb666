/** Python clients from before buckets had a `type`: they fail where a property is more than they know. */
import type { IncomingHttpHeaders } from 'node:http';

type Version = readonly [major: number, minor: number, patch: number];

/** The first versions that take the property; by the gateway's `x-client-info` or the library's own `user-agent`. */
const FIRST_SUPABASE_PY: Version = [2, 18, 0];
const FIRST_STORAGE3: Version = [0, 12, 1];

/** Whether the list of buckets may carry `type` for this client. */
export function knowsTypeOfBucket(headers: IncomingHttpHeaders): boolean {
  const info = /supabase-py\/v?(\d+)\.(\d+)\.(\d+)/.exec(`${headers['x-client-info']}`);
  const agent = /storage3[ /]v?(\d+)\.(\d+)\.(\d+)/.exec(`${headers['user-agent']}`);
  return !isBefore(info, FIRST_SUPABASE_PY) && !isBefore(agent, FIRST_STORAGE3);
}

function isBefore(found: RegExpExecArray | null, first: Version): boolean {
  if (found === null) return false;
  const [, ...parts] = found.map(Number);
  for (const [place, least] of first.entries()) {
    const part = parts[place] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}
