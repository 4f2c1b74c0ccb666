/** Where a request comes from. */
import type { IncomingMessage } from 'node:http';

/** An address with a port, as some balancers note it: whoever is limited by address must not gain by a new connection. */
const WITH_PORT = /^(?:\[([\da-f:.]+)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/i;

/**
 * The client's address; that which the proxies in front note, where TRUST_PROXY says so, without a port. Empty for a
 * socket without one.
 */
export function clientAddress(req: IncomingMessage & { readonly ip?: string }): string {
  const [, bracketed, plain] = WITH_PORT.exec(req.ip ?? '') ?? [];
  return bracketed ?? plain ?? req.ip ?? '';
}
