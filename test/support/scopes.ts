/** Callers as tests speak of them: alice, bob, nobody in particular, the service. */
import type { Caller, RequestScope } from '../../src/domain/caller.ts';

export const ALICE = 'a11ce000-0000-4000-8000-000000000001';
export const BOB = 'b0b00000-0000-4000-8000-000000000002';
export const STAFF = '57aff000-0000-4000-8000-000000000003';

export function user(subject: string, claims: Record<string, unknown> = {}): Caller {
  return {
    role: 'authenticated',
    subject,
    claims: JSON.stringify({ role: 'authenticated', sub: subject, ...claims }),
    sessionId: null,
  };
}

export const SERVICE: Caller = {
  role: 'service_role',
  subject: null,
  claims: '{"role":"service_role"}',
  sessionId: null,
};
export const ANON: Caller = { role: 'anon', subject: null, claims: '{"role":"anon"}', sessionId: null };

/** A request by `caller`, as the database sees it. */
export function scopeOf(caller: Caller, overrides: Partial<RequestScope> = {}): RequestScope {
  return {
    caller,
    operation: 'storage.object.get_authenticated',
    method: 'GET',
    path: '/object/b/n',
    headers: '{}',
    signal: new AbortController().signal,
    requestId: 'test',
    ...overrides,
  };
}
