/** Signing in, sessions with scopes, and second factors. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import { SluiceError } from '../../domain/errors.ts';
import { clientAddress } from '../../http/client-address.ts';
import { sendJson } from '../../http/send-json.ts';
import { type Asked, type CumulonimbusHandlers, reverify } from './handlers.ts';

const DAY_MS = 86_400_000;
const LONG_MS = 3650 * DAY_MS;

export const sessionHandlers = {
  async signIn({ accounts, scope, req, res, body }: Asked) {
    const { username, password, rememberMe } = body as RequestBodies['signIn'];
    const session = await accounts.signIn(scope, {
      username,
      password,
      address: clientAddress(req),
      lifetimeMs: rememberMe === true ? LONG_MS : DAY_MS,
    });
    sendJson({ res, status: 201, body: { token: session.token, exp: secondsOf(session.expiresAt) } });
  },

  async listMySessions({ accounts, scope, res }: Asked) {
    const sessions = await accounts.listSessions(scope);
    const items = sessions.map(session => ({
      id: session.id,
      name: session.name,
      permissionFlags: session.scopes,
      createdAt: session.createdAt.toISOString(),
      expiresAt: session.expiresAt.toISOString(),
      current: session.id === scope.caller.sessionId,
    }));
    sendJson({ res, status: 200, body: { count: items.length, items } });
  },

  async openMySession({ accounts, scope, body, res }: Asked) {
    const { name = null, permissionFlags = null, longLived } = body as RequestBodies['openMySession'];
    const lifetimeMs = longLived === true ? LONG_MS : DAY_MS;
    const session = await accounts.openSession(scope, { name, scopes: permissionFlags, lifetimeMs });
    const { id, token, expiresAt, scopes } = session;
    sendJson({ res, status: 201, body: { id, name, permissionFlags: scopes, token, exp: secondsOf(expiresAt) } });
  },

  async endMySession({ accounts, scope, params, res }: Asked) {
    if (!(await accounts.revokeSession(scope, params.sessionId ?? ''))) {
      throw new SluiceError('invalid-session', 'there is no such session', { facts: { part: 'params' } });
    }
    done(res, 'DELETE_SESSION', 'Session Successfully Deleted');
  },

  async beginMyTotp(asked: Asked) {
    await reverify(asked);
    const { secret, url } = await asked.accounts.proposeSecondFactor(asked.scope);
    sendJson({ res: asked.res, status: 201, body: { secret, uri: url } });
  },

  async confirmMyTotp({ accounts, scope, body, res }: Asked) {
    await accounts.confirmSecondFactor(scope, (body as RequestBodies['confirmMyTotp']).code);
    done(res, 'CONFIRM_SECOND_FACTOR', 'Second Factor Successfully Confirmed');
  },

  async removeMyTotp({ accounts, scope, body, res }: Asked) {
    await accounts.removeSecondFactor(scope, (body as RequestBodies['removeMyTotp']).code);
    done(res, 'DELETE_SECOND_FACTOR', 'Second Factor Successfully Deleted');
  },
} satisfies CumulonimbusHandlers;

function done(res: Asked['res'], what: string, message: string): void {
  sendJson({ res, status: 200, body: { code: `${what}_SUCCESS`, message } });
}

function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
