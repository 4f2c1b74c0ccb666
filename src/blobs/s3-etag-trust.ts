/**
 * Spares hashing what S3 hashes anyway: 1.5 ms of CPU a MiB. The ETag of a single PUT is the MD5 of the bytes on nearly
 * every engine, but not under SSE-KMS and not on all. So it is believed only after it has once equaled our own hash,
 * and no longer once an answer came without a usable one.
 */
export interface EtagTrust {
  /** The engine's word has been good so far, so an upload may go without a hash of ours. */
  areMd5(): boolean;
  /** Takes note of what the engine said about bytes that we hashed as well. */
  compare(said: string | null, hashed: string): void;
  /** The engine gave no usable ETag although it was trusted to. */
  withdraw(): void;
}

export function makeEtagTrust(): EtagTrust {
  let trusted = false;
  return {
    areMd5: () => trusted,
    compare(said, hashed) {
      trusted = said === hashed;
    },
    withdraw() {
      trusted = false;
    },
  };
}
