/** Signing in, sessions with scopes, and second factors. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import { SluiceError } from '../../domain/errors.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { Session } from '../../identity/accounts.ts';
import { type Asked, reverify } from './asked.ts';

const DAY_MS = 86_400_000;
const lifetimeMsOf = (isLong: boolean | undefined) => (isLong === true ? 3650 : 1) * DAY_MS;

export async function signIn({ accounts, scope, req, body }: Asked) {
  const { username, password, rememberMe } = body as RequestBodies['signIn'];
  const lifetimeMs = lifetimeMsOf(rememberMe);
  return wireToken(await accounts.signIn(scope, { username, password, address: clientAddress(req), lifetimeMs }));
}

export async function listSessions({ accounts, scope }: Asked) {
  const sessions = await accounts.listSessions(scope);
  const items = sessions.map(({ id, name, scopes, createdAt, expiresAt }) => {
    return { id, name, permissionFlags: scopes, createdAt, expiresAt, current: id === scope.caller.sessionId };
  });
  return { count: items.length, items };
}

export async function openSession({ accounts, scope, body }: Asked) {
  const { name = null, permissionFlags = null, longLived } = body as RequestBodies['openMySession'];
  const wish = { name, scopes: permissionFlags, lifetimeMs: lifetimeMsOf(longLived) };
  const session = await accounts.openSession(scope, wish);
  return { id: session.id, name, permissionFlags: session.scopes, ...wireToken(session) };
}

export async function endSession({ accounts, scope, params }: Asked) {
  if (!(await accounts.revokeSession(scope, params.sessionId ?? ''))) {
    throw new SluiceError('invalid-session', 'there is no such session', { facts: { part: 'params' } });
  }
  return { code: 'DELETE_SESSION_SUCCESS', message: 'Session Successfully Deleted' };
}

export async function beginTotp(asked: Asked) {
  await reverify(asked);
  const { secret, url } = await asked.accounts.proposeSecondFactor(asked.scope);
  return { secret, uri: url };
}

export async function confirmTotp({ accounts, scope, body }: Asked) {
  await accounts.confirmSecondFactor(scope, (body as RequestBodies['confirmMyTotp']).code);
  return { code: 'CONFIRM_SECOND_FACTOR_SUCCESS', message: 'Second Factor Successfully Confirmed' };
}

export async function removeTotp({ accounts, scope, body }: Asked) {
  await accounts.removeSecondFactor(scope, (body as RequestBodies['removeMyTotp']).code);
  return { code: 'DELETE_SECOND_FACTOR_SUCCESS', message: 'Second Factor Successfully Deleted' };
}

function wireToken({ token, expiresAt }: Session) {
  return { token, exp: Math.floor(expiresAt.getTime() / 1000) };
}
