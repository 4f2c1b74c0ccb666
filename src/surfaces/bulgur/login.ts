/** Logging in, as clients of this API do it. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import { ANONYMOUS } from '../../domain/caller.ts';
import { clientAddress } from '../../http/client-address.ts';
import { makeRequestScope } from '../../http/request-scope.ts';
import { sendJson } from '../../http/send-json.ts';
import type { Asked } from './asked.ts';

/** How long a session from here holds. */
const SESSION_MS = 7 * 24 * 60 * 60 * 1000;

export async function logIn(asked: Asked): Promise<void> {
  const { username, password } = asked.body as RequestBodies['logIn'];
  const scope = makeRequestScope(asked, { caller: ANONYMOUS, operation: 'account.login' });
  const address = clientAddress(asked.req);
  const session = await asked.accounts.signIn(scope, { username, password, address, lifetimeMs: SESSION_MS });
  sendJson({
    res: asked.res,
    status: 200,
    body: { access_token: session.token },
    headers: { 'cache-control': 'no-store' },
  });
}
