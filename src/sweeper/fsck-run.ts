/** What the parts of one check have in common. Built once a check, in fsck.ts. */
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Database } from '../database/database.ts';
import type { Patience } from '../database/queries/fsck.ts';
import type { RequestScope } from '../domain/caller.ts';
import type { FindingList, FsckOptions } from './fsck-report.ts';

export interface FsckRun {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly service: RequestScope;
  readonly options: FsckOptions;
  readonly patience: Patience;
  readonly pageSize: number;
  readonly ledgerHasLive: boolean;
  readonly findings: FindingList;
  /** Tells how far the check is. */
  readonly progress: (done: number, what: string) => void;
}
