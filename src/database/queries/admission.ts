/** Kill switches and rate limits, as every process sees them. */
import type { BatchRow } from '../batch.ts';
import { noRow, type Statement } from '../statement.ts';

export interface Admit {
  readonly role: string;
  readonly feature: number | null;
  /** Null: nothing is counted. */
  readonly limit: TakeFromLimit | null;
}

export interface Taken {
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly windowEnd: string;
}

/** No row where nothing is counted. */
export const admit: Statement<Admit, Taken> = {
  name: 'admit',
  runs: 'gateway',
  text: `select * from sluice.admit($1, $2, $3, $4, $5 * interval '1 millisecond')`,
  values: ({ role, feature, limit }) => [
    role,
    feature,
    limit?.key ?? null,
    limit?.count ?? null,
    limit?.windowMs ?? null,
  ],
  row: takenOf,
};

function takenOf(row: BatchRow): Taken {
  return {
    remaining: row.remaining as number,
    resetSeconds: row.reset_seconds as number,
    windowEnd: row.window_end as string,
  };
}

export interface TakeFromLimit {
  readonly key: string;
  readonly count: number;
  readonly windowMs: number;
}

/** One row, or the error for too many, which counts nothing. */
export const takeFromLimit: Statement<TakeFromLimit, Taken> = {
  name: 'take_from_limit',
  runs: 'gateway',
  text: `select * from sluice.take_from_limit($1, $2, $3 * interval '1 millisecond')`,
  values: ({ key, count, windowMs }) => [key, count, windowMs],
  row: takenOf,
};

export interface KillSwitch {
  readonly id: number;
  readonly enabled: boolean;
}

export const listKillSwitches: Statement<null, KillSwitch> = {
  name: 'list_kill_switches',
  runs: 'gateway',
  text: 'select k.id, k.enabled from sluice.kill_switches k order by k.id',
  values: () => [],
  row: row => ({ id: row.id as number, enabled: row.enabled as boolean }),
};

export interface SetKillSwitches {
  /** Null: all of them. */
  readonly id: number | null;
  readonly enabled: boolean;
}

export const setKillSwitches: Statement<SetKillSwitches, undefined> = {
  name: 'set_kill_switches',
  runs: 'gateway',
  text: `update sluice.kill_switches k set enabled = $2, changed_at = now()
    where ($1::integer is null or k.id = $1) and k.enabled <> $2`,
  values: ({ id, enabled }) => [id, enabled],
  row: noRow,
};
