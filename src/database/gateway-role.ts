/** The login's resting role: it may keep the ledger, switch to the roles of callers, and nothing else. */
export const GATEWAY_ROLE = 'sluice_gateway';
