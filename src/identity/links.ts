/**
 * Signed links: tokens that stand in for a login on one object, for one purpose, for a while. Whether the signer may
 * share the object, and whether a link has been revoked, is for the operations. Facts in link-claims.ts.
 */
import { randomBytes } from 'node:crypto';
import { SluiceError } from '../domain/errors.ts';
import type { Json } from '../domain/objects.ts';
import { makeBoundedCache, TOKEN_CACHE_BOUNDS } from './bounded-cache.ts';
import type { Clock } from './clock.ts';
import { type DirectClaims, type Link, type LinkClaims, linkOf } from './link-claims.ts';
import { MAX_TOKEN_CHARACTERS, openToken } from './open-token.ts';
import { signToken } from './sign-token.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface LinkTarget {
  readonly bucket: string;
  readonly name: string;
}

export interface DownloadToSign extends LinkTarget {
  readonly expiresInSeconds: number;
  /** Binds the link to a transformed image, as `width:100,height:50`. */
  readonly transformations?: string | undefined;
}

export interface UploadToSign extends LinkTarget {
  /** Who will own the object: the `sub` of the signer. */
  readonly owner: string | null;
  readonly upsert: boolean;
  readonly userMetadata?: Json | undefined;
  readonly direct?: DirectClaims | undefined;
  readonly lifetimeSeconds: number;
}

export interface SignedLink {
  readonly token: string;
  readonly expiresAt: Date;
}

export interface Links {
  /** Throws `invalid-parameter` for a lifetime that is not a whole number of seconds from 1 to a year. */
  signDownload(download: DownloadToSign): SignedLink;
  /** As `signDownload`; `invalid-parameter` also when user metadata makes the token too long to be read back. */
  signUpload(upload: UploadToSign): SignedLink;
  /**
   * What the link says, for exactly this object. Throws `invalid-link` for a token that is malformed, forged or out of
   * its time, and `link-mismatch` for one of another kind or for another object, or for a transformed image, which is
   * not offered here.
   */
  verifyDownload(token: string, target: LinkTarget): Link;
  /** As `verifyDownload`, for upload links. */
  verifyUpload(token: string, target: LinkTarget): Link;
}

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Signs with the shared secret and verifies with any of the keys. Remembers verified links until they expire. */
export function makeLinks({ keys, clock }: { keys: SigningKeys; clock: Clock }): Links {
  const opened = makeBoundedCache<Link>(TOKEN_CACHE_BOUNDS);

  function sign(claims: LinkClaims, lifetimeSeconds: number): SignedLink {
    if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > YEAR_SECONDS) {
      throw new SluiceError('invalid-parameter', `expiresIn must be from 1 to ${YEAR_SECONDS} seconds`);
    }
    const nowMs = clock.now();
    const jti = `${nowMs.toString(36)}.${randomBytes(9).toString('base64url')}`;
    const token = signToken(
      { ...claims, jti },
      { secret: keys.shared.key, lifetimeSeconds, clock: { now: () => nowMs } },
    );
    if (token.length > MAX_TOKEN_CHARACTERS) {
      throw new SluiceError('invalid-parameter', 'the metadata is too large for a signed link');
    }
    return { token, expiresAt: new Date((Math.floor(nowMs / 1000) + lifetimeSeconds) * 1000) };
  }

  function open(token: string): Link {
    const nowMs = clock.now();
    const known = opened.get(token, nowMs);
    if (known !== undefined) return known;
    const { claims, expiresAtMs } = openToken(token, { keys, nowMs, code: 'invalid-link' });
    const link = linkOf(token, claims);
    opened.set(token, link, expiresAtMs);
    return link;
  }

  function verify(token: string, { bucket, name }: LinkTarget, scope: Link['scope']): Link {
    const link = open(token);
    if (link.scope !== scope) throw new SluiceError('link-mismatch', `Token is not scoped for ${scope}`);
    if (link.bucket !== bucket || link.name !== name) throw new SluiceError('link-mismatch', 'Invalid signature');
    if (link.transformations !== null) {
      throw new SluiceError('link-mismatch', 'The link is for a transformed image, which is not offered here');
    }
    return link;
  }

  return {
    signDownload: ({ bucket, name, expiresInSeconds, transformations }) =>
      sign(
        { url: `${bucket}/${name}`, scope: 'download', ...(transformations ? { transformations } : {}) },
        expiresInSeconds,
      ),
    signUpload: ({ bucket, name, owner, upsert, userMetadata, direct, lifetimeSeconds }) =>
      sign(
        {
          ...(owner === null ? {} : { owner }),
          url: `${bucket}/${name}`,
          upsert,
          scope: 'upload',
          ...(userMetadata === undefined ? {} : { metadata: userMetadata }),
          ...(direct === undefined ? {} : { direct }),
        },
        lifetimeSeconds,
      ),
    verifyDownload: (token, target) => verify(token, target, 'download'),
    verifyUpload: (token, target) => verify(token, target, 'upload'),
  };
}
