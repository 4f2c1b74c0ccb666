/**
 * What some batches carry between entering and their own statement: the session of an account is looked up as it is now,
 * and permits are asked for as the caller. Other batches are spared both. Decides nothing; the SQL does (db/functions).
 */
import type { RequestScope } from '../domain/caller.ts';
import type { BatchStatement } from './batch.ts';
import { GATEWAY_ROLE } from './gateway-role.ts';

export interface Entrance {
  /** The role to enter as, before the further statements. */
  readonly role: string;
  /** They leave the transaction in the role that the operation's own statement runs in. */
  readonly further: readonly BatchStatement[];
}

/** Nobody is asked. */
export const LEDGER_ENTRANCE: Entrance = { role: GATEWAY_ROLE, further: [] };

/** The way to `role`, which is the caller's or the gateway's. Only the gateway sees sessions; permits are the caller's. */
export function entranceOf(scope: RequestScope, role: string): Entrance {
  const { caller, permits, target } = scope;
  const demands = permits !== undefined || target !== undefined;
  const asked = demands ? caller.role : role;
  const further = [
    ...(caller.sessionId === null ? [] : [enterSession(scope, asked)]),
    ...(demands ? [demand(scope)] : []),
    ...(asked === role ? [] : [become(role)]),
  ];
  return { role: caller.sessionId === null ? asked : GATEWAY_ROLE, further };
}

function enterSession({ caller }: RequestScope, role: string): BatchStatement {
  return {
    name: 'enter_session',
    text: 'select sluice.enter_session($1, $2, $3, $4)',
    values: [caller.sessionId, caller.subject, caller.claims, role],
  };
}

function demand({ permits, target }: RequestScope): BatchStatement {
  return { name: 'demand', text: 'select storage.demand($1, $2)', values: [permits ?? [], target ?? null] };
}

function become(role: string): BatchStatement {
  return { name: 'become', text: `select set_config('role', $1, true)`, values: [role] };
}
