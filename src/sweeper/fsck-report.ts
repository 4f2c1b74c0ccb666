/** What a check of rows, ledger and bytes is asked, and what it answers. The list of findings is bounded. */

export interface FsckOptions {
  /** Mend what can be mended without losing anything; what nothing names is put aside, not removed. */
  readonly repair: boolean;
  /** Remake rows from the labels beside the bytes. */
  readonly rebuild: boolean;
  /** Hand to the sweeper what an earlier check has put aside. */
  readonly purge: boolean;
  /** Read every byte and compare its MD5. */
  readonly verify: boolean;
  /** How long bytes that nothing names are kept for a person to look at. */
  readonly quarantineMs: number;
}

export const DEFAULT_QUARANTINE_MS = 7 * 24 * 3_600_000;

/** Closed: each has its sentence in fsck-verdict.ts and its cure, or none, in fsck-mend.ts. */
export type FsckKind =
  // rows
  | 'row-without-bytes'
  | 'bytes-missing'
  | 'row-size-mismatch'
  // ledger
  | 'entry-missing'
  | 'entry-not-live'
  | 'entry-without-row'
  | 'entry-without-bytes'
  | 'stuck-upload'
  | 'stuck-removal'
  // bytes
  | 'orphan-bytes'
  | 'quarantined-bytes'
  | 'size-mismatch'
  | 'md5-mismatch'
  | 'bytes-unreadable'
  | 'foreign-key';

export interface FsckFinding {
  /** A word for programs. */
  readonly kind: FsckKind;
  /** Sentences for people that name the bucket, the object and the key, and say what was done or can be done. */
  readonly message: string;
  readonly repaired: boolean;
}

export interface FsckReport {
  /** Rows in `storage.objects`, and blobs in the store. */
  readonly checked: { readonly rows: number; readonly blobs: number };
  /** The first ones; all of them are counted. */
  readonly findings: readonly FsckFinding[];
  /** How many findings are not in the list. */
  readonly omitted: number;
  readonly counts: Readonly<Partial<Record<FsckKind, { readonly found: number; readonly repaired: number }>>>;
  /** What lies in quarantine, this check's own part included. */
  readonly quarantine: Quarantine;
}

export interface Quarantine {
  readonly blobs: number;
  readonly sizeBytes: number;
  /** When the first of them is handed to the sweeper, in ISO 8601; null where there are none. */
  readonly firstEndsAt: string | null;
}

/** `total` null: not known yet. */
export type FsckProgress = (step: {
  readonly done: number;
  readonly total: number | null;
  readonly what: string;
}) => void;

export interface FindingList {
  add(finding: FsckFinding): void;
  report(facts: Pick<FsckReport, 'checked' | 'quarantine'>): FsckReport;
}

const LISTED_AT_MOST = 10_000;

export function makeFindingList(): FindingList {
  const findings: FsckFinding[] = [];
  const counts: Partial<Record<FsckKind, { found: number; repaired: number }>> = {};
  let omitted = 0;
  return {
    add(finding) {
      const count = counts[finding.kind] ?? { found: 0, repaired: 0 };
      count.found += 1;
      if (finding.repaired) count.repaired += 1;
      counts[finding.kind] = count;
      if (findings.length < LISTED_AT_MOST) findings.push(finding);
      else omitted += 1;
    },
    report: facts => ({ ...facts, findings, omitted, counts }),
  };
}
