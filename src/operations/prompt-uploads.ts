/**
 * Small uploads in one round trip. Whoever has just been let in need not ask first: the bytes go to the store under a
 * version that the ledger expects already, and the commit judges rules and policies on facts, as it does for every
 * upload. Nobody reads the bytes before that; after a refusal they are the sweeper's, like those of any failed upload.
 */
import type { Database } from '../database/database.ts';
import { expectBytes } from '../database/queries/uploads.ts';
import type { RequestScope } from '../domain/caller.ts';
import { errorCode } from '../domain/errors.ts';
import { storeKeyOf } from '../domain/objects.ts';
import { makeVersion } from '../domain/version.ts';

export interface PromptUploads {
  /**
   * A version that the ledger expects, for an upload of at most `longestBytes` into this bucket. Null where the upload has
   * to begin as usual: it may be long, the caller's last one into this bucket was not accepted, or no version is at hand.
   */
  takeVersion(scope: RequestScope, upload: { readonly bucket: string; readonly longestBytes: number }): string | null;
  /** To be told of every upload that was committed, whichever way it began. */
  accepted(scope: RequestScope, bucket: string): void;
  /** To be told of every upload that was not. */
  failed(scope: RequestScope, upload: { readonly bucket: string; readonly error: unknown }): void;
}

export interface PromptUploadSettings {
  readonly database: Pick<Database, 'run'>;
  readonly leaseMs: number;
  /** One round trip brings so many; what is not used the sweeper forgets when its lease is over. 0: never any. */
  readonly versionsAtOnce: number;
  readonly now: () => Date;
}

/** What a refusal at the end may cost in bytes sent for nothing. */
const LONGEST_BYTES = 64 * 1024;
/** For no more uploads in a second than this, nothing is made ahead. */
const QUIET_PER_SECOND = 8;
const MOST_CALLERS = 10_000;

interface ExpectedVersion {
  readonly version: string;
  readonly usableUntilMs: number;
}

export function makePromptUploads({ versionsAtOnce, leaseMs, ...settings }: PromptUploadSettings): PromptUploads {
  const letIn = new Set<string>();
  const lastAskedMs: number[] = [];
  /** The youngest last. */
  let versions: ExpectedVersion[] = [];
  let isExpecting = false;

  function isBusy(nowMs: number): boolean {
    lastAskedMs.push(nowMs);
    if (lastAskedMs.length <= QUIET_PER_SECOND) return false;
    return nowMs - (lastAskedMs.shift() ?? 0) < 1000;
  }

  /** Not awaited: uploads before the answer begin as usual. */
  async function expectMore(scope: RequestScope, nowMs: number): Promise<void> {
    isExpecting = true;
    const made = Array.from({ length: versionsAtOnce }, () => makeVersion(nowMs));
    const expected = { versions: made, storeKeys: made.map(storeKeyOf), leaseMs };
    try {
      await settings.database.run(scope, expectBytes, expected);
      // Half of the lease is left to the upload, which renews it after a third.
      versions.push(...made.map(version => ({ version, usableUntilMs: nowMs + leaseMs / 2 })));
    } catch {
      // The next upload asks again.
    } finally {
      isExpecting = false;
    }
  }

  return {
    takeVersion(scope, { bucket, longestBytes }) {
      if (versionsAtOnce === 0 || longestBytes > LONGEST_BYTES || !letIn.has(keyOf(scope, bucket))) return null;
      const nowMs = settings.now().getTime();
      if ((versions[0]?.usableUntilMs ?? Infinity) <= nowMs) versions = versions.filter(it => it.usableUntilMs > nowMs);
      if (isBusy(nowMs) && versions.length <= versionsAtOnce / 2 && !isExpecting) void expectMore(scope, nowMs);
      return versions.shift()?.version ?? null;
    },
    accepted(scope, bucket) {
      if (letIn.size >= MOST_CALLERS) letIn.clear();
      letIn.add(keyOf(scope, bucket));
    },
    failed(scope, { bucket, error }) {
      letIn.delete(keyOf(scope, bucket));
      // Where the ledger has lost one (a database restored from a backup, say), it has lost the others.
      if (errorCode(error) === 'upload-expired') versions = [];
    },
  };
}

/** Neither buckets nor roles have line breaks. */
function keyOf({ caller }: RequestScope, bucket: string): string {
  return `${bucket}\n${caller.role}\n${caller.subject ?? ''}`;
}
