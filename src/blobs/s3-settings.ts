/** What the S3 driver is told: where the bucket is, who we are there, and how much it may hold at once. */
export interface S3Settings {
  /** Null means AWS itself. */
  readonly endpoint: string | null;
  /** Where clients reach the engine, for presigned URLs; `endpoint` unless given. */
  readonly publicEndpoint?: string | null;
  readonly region: string;
  readonly bucket: string;
  /** Both null selects the credential chain of the AWS SDK (environment, profile, web identity, instance role). */
  readonly accessKeyId: string | null;
  readonly secretAccessKey: string | null;
  readonly forcePathStyle: boolean;
  /** False sends the single-object requests through the AWS SDK as well: slower by an order, for odd engines. */
  readonly leanClient?: boolean;
  /** Longer bodies go in parts of at least this length. S3 allows 5 MiB and more. */
  readonly partSizeBytes?: number;
  /**
   * Bodies with a declared length up to this are one streamed PUT; one part unless given, S3 allows 5 GiB. A streamed
   * PUT needs a sixth of the CPU of parts and no memory to speak of, but where a part that fails is sent again, a PUT
   * that fails is the sender's to repeat.
   */
  readonly singlePutMaxBytes?: number;
  /** The largest object this gateway accepts; decides the part size of bodies without a declared length. */
  readonly maxObjectSizeBytes: number;
  /** Most requests that keep the engine busy at once, for each of the two clients; socket-gate.ts says which do. */
  readonly maxSockets?: number;
  readonly timeouts?: Partial<S3Timeouts>;
  /** The clock that requests are signed by. */
  readonly now?: () => number;
}

export interface S3Timeouts {
  readonly connectMs: number;
  /** From the end of a request to the first byte of its answer; also the longest wait for a free socket. */
  readonly headersMs: number;
  /** Between two pieces of an answer, not counting the time in which our own reader is slow. */
  readonly bodyIdleMs: number;
  /**
   * How long an idle socket is kept. Shortly: an engine may close it at the moment it is reused, and a network that lost it
   * says nothing at all.
   */
  readonly keepAliveMs: number;
}

export const DEFAULT_PART_SIZE_BYTES = 8 * 1024 * 1024;
export const DEFAULT_MAX_SOCKETS = 512;

const MOST_CONNECT_MS = 5_000;
const MOST_BODY_IDLE_MS = 30_000;
const MOST_KEEP_ALIVE_MS = 4_000;
const SILENCE_MS = 60_000;

/** The limits that follow from one: how long the engine may be silent before its answer. */
export function s3TimeoutsWithin(silenceMs: number): S3Timeouts {
  return {
    connectMs: Math.min(silenceMs, MOST_CONNECT_MS),
    headersMs: silenceMs,
    bodyIdleMs: Math.min(silenceMs, MOST_BODY_IDLE_MS),
    keepAliveMs: Math.min(silenceMs, MOST_KEEP_ALIVE_MS),
  };
}

export function s3Timeouts(settings: S3Settings): S3Timeouts {
  return { ...s3TimeoutsWithin(SILENCE_MS), ...settings.timeouts };
}
