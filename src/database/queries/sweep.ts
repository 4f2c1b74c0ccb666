/** What the sweeper asks of the ledger. */
import type { Statement } from '../statement.ts';

export interface ClaimDeadBlobs {
  readonly role: string;
  readonly limit: number;
  readonly graceMs: number;
  readonly holdMs: number;
}

export interface DeadBlob {
  readonly version: string;
  readonly storeKey: string;
  /** False: an upload that never finished, which may have left parts. */
  readonly wasLive: boolean;
}

export const claimDeadBlobs: Statement<ClaimDeadBlobs, DeadBlob> = {
  name: 'claim_dead_blobs',
  runs: 'gateway',
  text: `select * from sluice.claim_dead_blobs(
    $1, $2, $3 * interval '1 millisecond', $4 * interval '1 millisecond')`,
  values: ({ role, limit, graceMs, holdMs }) => [role, limit, graceMs, holdMs],
  row: row => ({
    version: row.version as string,
    storeKey: row.store_key as string,
    wasLive: row.was_live as boolean,
  }),
};

/** Gives the number of versions in the note that it settled; 0 when there is no more to settle. */
export const settleRemoval: Statement<Pick<ClaimDeadBlobs, 'role'>, number> = {
  name: 'settle_removal',
  runs: 'gateway',
  text: 'select sluice.settle_removal($1) as settled',
  values: ({ role }) => [role],
  row: row => row.settled as number,
};

export const forgetBlobs: Statement<{ readonly versions: readonly string[] }, number> = {
  name: 'forget_blobs',
  runs: 'gateway',
  text: 'select sluice.forget_blobs($1) as forgotten',
  values: ({ versions }) => [versions],
  row: row => row.forgotten as number,
};

export const removeOverFiles: Statement<Pick<ClaimDeadBlobs, 'role' | 'limit' | 'graceMs'>, number> = {
  name: 'remove_over_files',
  runs: 'gateway',
  text: `select sluice.remove_over_files($1, $2, $3 * interval '1 millisecond') as removed`,
  values: ({ role, limit, graceMs }) => [role, limit, graceMs],
  row: row => row.removed as number,
};

export interface LedgerCounts {
  readonly pending: number;
  readonly dead: number;
  readonly quarantined: number;
}

export const countLedger: Statement<Record<string, never>, LedgerCounts> = {
  name: 'count_ledger',
  runs: 'gateway',
  text: `select (select count(*) from sluice.blobs where state = 'pending') as pending,
    (select count(*) from sluice.blobs where state = 'dead')
      + (select coalesce(sum(cardinality(versions)), 0)::bigint from sluice.removals) as dead,
    (select count(*) from sluice.blobs where state = 'quarantined') as quarantined`,
  values: () => [],
  row: row => ({
    pending: row.pending as number,
    dead: row.dead as number,
    quarantined: row.quarantined as number,
  }),
};
