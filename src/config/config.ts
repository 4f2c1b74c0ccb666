/** The frozen, validated settings of one gateway. Made once from the environment by `read-config.ts`. */
import type { RateLimits } from './rate-limits.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly database: {
    /** Null selects the embedded Postgres. */
    readonly url: string | null;
    /** Used for migrations; equals `url` unless set. */
    readonly adminUrl: string | null;
    readonly poolSize: number;
    readonly prepare: boolean;
    readonly timeoutMs: number;
    readonly roles: readonly string[];
  };
  /** Null selects the file driver under `dataDir`. */
  readonly s3: {
    readonly endpoint: string | null;
    /** Where clients reach the S3 server, for buckets that redirect; null: the same. */
    readonly publicEndpoint: string | null;
    readonly region: string;
    readonly bucket: string;
    readonly accessKeyId: string | null;
    readonly secretAccessKey: string | null;
    readonly forcePathStyle: boolean;
    readonly timeoutMs: number;
  } | null;
  readonly jwt: {
    /** The HS256 secret, generated once into `dataDir` when not given. */
    readonly secret: string;
    /** The text of a JWKS, already read when a path was given. */
    readonly jwks: string | null;
  };
  readonly clientTimeoutMs: number;
  readonly maxUploadSizeBytes: number;
  /** Of each process; 0: none. */
  readonly blobCacheBytes: number;
  /** Number of processes; `auto` has been resolved to the number of cores. */
  readonly workers: number;
  readonly corsOrigins: readonly string[];
  readonly strictHttpStatus: boolean;
  /** How many proxies in front are believed. */
  readonly trustProxy: number;
  /** The internal location of an nginx in front that has the bytes; null: there is none. */
  readonly proxyPrefix: string | null;
  readonly publicUrl: string | null;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly pathTokenLifetimeMs: number;
  readonly sweepGraceMs: number;
  readonly sweepIntervalMs: number;
  readonly uploadLeaseMs: number;
  /** How many ledger entries a process makes at once for small uploads to come; 0: none. */
  readonly uploadsAhead: number;
  readonly rateLimits: RateLimits;
  readonly staffSecondFactor: 'optional' | 'required';
  readonly backendDomain: string | null;
  /** What the operator should know although it stops nothing. To be logged once at start. */
  readonly warnings: readonly string[];
}
