/**
 * What a query file exports: one SQL statement, how its parameters are made, how its rows are read. A statement runs
 * either as the caller (plain SQL on `storage.*`, judged by the policies) or as the gateway (a call of one operation
 * function in schema `sluice`, which switches to the caller itself).
 */
import type { BatchRow } from './batch.ts';
import type { WireValue } from './wire-value.ts';

export interface Statement<Parameters, Row> {
  /** Unique, snake_case; becomes the name of the prepared statement, with the role appended where one runs it. */
  readonly name: string;
  readonly text: string;
  /**
   * `caller-reads` runs in a read-only transaction, and once more when the connection turns out to be dead. `ledger` keeps
   * account of bytes that an upload has brought or may yet bring: whatever has become of the caller's session and permits.
   */
  readonly runs: 'caller-reads' | 'caller-writes' | 'gateway' | 'ledger';
  readonly values: (parameters: Parameters) => readonly WireValue[];
  readonly row: (row: BatchRow) => Row;
}

/** A statement whose rows are of no interest. */
export function noRow(): undefined {
  return undefined;
}
