/**
 * Who is asking, and what a transaction is told about the request. Policies judge exactly these values; nothing in
 * TypeScript decides an access.
 */

/** A verified identity. `claims` is the JSON text handed to Postgres as `request.jwt.claims`, made once per token. */
export interface Caller {
  /** The database role, always from the configured list. */
  readonly role: string;
  /** The `sub` claim; null for an anonymous caller. */
  readonly subject: string | null;
  readonly claims: string;
  /** The session of an account of our own, looked up in every transaction; null for every other proof. */
  readonly sessionId: string | null;
}

/** One request as the database sees it: the caller, and the `request.*` and `storage.operation` settings. */
export interface RequestScope {
  readonly caller: Caller;
  /** Value of `storage.operation`, for example `storage.object.upload`. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  /** JSON text of the request headers: lower-case names, no credentials. */
  readonly headers: string;
  /** Aborted when the client goes away or the gateway shuts down. */
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** Rows of `storage.permits` that the caller's policies must show, else nothing happens (`not-permitted`). */
  readonly permits?: readonly string[];
  /** What the permits are asked for, which policies read as `storage.target()`: the owner of a tree, a backend. */
  readonly target?: string;
}

/** The caller of a request that carries no token. */
export const ANONYMOUS: Caller = Object.freeze({
  role: 'anon',
  subject: null,
  claims: '{"role":"anon"}',
  sessionId: null,
});

/** Past every policy. Requests never have it of themselves: see `asService`. */
export const SERVICE_CALLER: Caller = Object.freeze({
  role: 'service_role',
  subject: null,
  claims: '{"role":"service_role"}',
  sessionId: null,
});

/**
 * The same request, acting as `service_role` on nobody's behalf. DESIGN allows this in exactly three places, and a
 * test counts the call sites: reading from a public bucket, redeeming a link, and the sweeper with `fsck`.
 */
export function asService(scope: RequestScope): RequestScope {
  return { ...scope, caller: SERVICE_CALLER };
}
