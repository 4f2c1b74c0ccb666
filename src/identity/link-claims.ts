/**
 * What the claims of a signed link say. Reads claims that are already trusted; which object and purpose a request is
 * about is compared in links.ts.
 */
import { createHash } from 'node:crypto';
import { SluiceError } from '../domain/errors.ts';
import type { Json } from '../domain/objects.ts';
import type { Claims } from './open-token.ts';

/** As signed. Wire names: other servers with the same secret read and write these tokens too. */
export interface LinkClaims extends Claims {
  /** `bucket/name`, not percent-encoded. A bucket's name has no slash. */
  readonly url: string;
  readonly scope: 'download' | 'upload';
  readonly owner?: string;
  readonly upsert?: boolean;
  readonly transformations?: string;
  readonly metadata?: Json;
  readonly direct?: DirectClaims;
}

/** What an upload link says of bytes that its holder may store directly and then have committed. */
export interface DirectClaims {
  /** The version under which they wait. */
  readonly version: string;
  readonly mimetype: string;
  readonly cacheControl: string;
}

/** What a verified link says. */
export interface Link {
  readonly scope: 'download' | 'upload';
  readonly bucket: string;
  readonly name: string;
  /** Compared with revocations; to the millisecond for the gateway's own links, else the second's first. */
  readonly issuedAtMs: number;
  readonly expiresAt: Date;
  /** Names this link alone; see `fingerprintOf`. */
  readonly fingerprint: string;
  readonly owner: string | null;
  readonly upsert: boolean;
  readonly userMetadata: Json | null;
  readonly transformations: string | null;
  /** Null for a link that takes the bytes itself, and no others. */
  readonly direct: DirectClaims | null;
}

/** The last instant that a Date can hold. */
const LAST_INSTANT_MS = 8.64e15;

/**
 * SHA-256, in hexadecimal, of the signed part of a token (header and payload). Without the signature, because ECDSA lets
 * anybody turn a valid signature into a second one, which would otherwise escape a revocation.
 */
export function fingerprintOf(token: string): string {
  return createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('hex');
}

/**
 * The link that these trusted claims make. Throws `link-mismatch` for a login (its `url`, should it have one, may be the
 * user's own choice) or a path token, and `invalid-link` for a link that never expires.
 */
export function linkOf(token: string, claims: Claims): Link {
  const { url, exp, owner, upsert, transformations, metadata, direct } = claims;
  const slash = typeof url === 'string' ? url.indexOf('/') : -1;
  const isLogin = claims.role !== undefined || claims.sub !== undefined || claims.path !== undefined;
  if (typeof url !== 'string' || slash === -1 || isLogin) throw new SluiceError('link-mismatch', 'Invalid signature');
  if (typeof exp !== 'number') throw new SluiceError('invalid-link', 'missing required "exp" claim');
  const isTransformed = transformations !== undefined && transformations !== null && transformations !== '';
  return Object.freeze({
    scope: scopeOf(claims),
    bucket: url.slice(0, slash),
    name: url.slice(slash + 1),
    issuedAtMs: issuedAtMs(claims),
    expiresAt: new Date(Math.min(exp * 1000, LAST_INSTANT_MS)),
    fingerprint: fingerprintOf(token),
    owner: typeof owner === 'string' ? owner : null,
    upsert: upsert === true,
    userMetadata: isJson(metadata) ? metadata : null,
    transformations: isTransformed ? String(transformations) : null,
    direct: isDirect(direct) ? direct : null,
  });
}

/** Links from before scopes existed say by an `upsert` claim that they are for uploading. */
function scopeOf({ scope, upsert }: Claims): Link['scope'] {
  if (scope === 'download' || scope === 'upload') return scope;
  if (scope !== undefined) throw new SluiceError('link-mismatch', 'Invalid signature');
  return upsert === undefined ? 'download' : 'upload';
}

/** A link that does not say when it was issued counts as older than every revocation. */
export function issuedAtMs({ jti, iat }: Claims): number {
  if (typeof iat !== 'number' || !(iat >= 0 && iat * 1000 <= LAST_INSTANT_MS)) return 0;
  const exact = typeof jti === 'string' ? Number.parseInt(/^([0-9a-z]{1,11})\./.exec(jti)?.[1] ?? '', 36) : Number.NaN;
  return Math.floor(exact / 1000) === iat ? exact : Math.floor(iat * 1000);
}

function isDirect(value: unknown): value is DirectClaims {
  return isJson(value) && ['version', 'mimetype', 'cacheControl'].every(name => typeof value[name] === 'string');
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
