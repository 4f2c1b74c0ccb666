/**
 * Cross-origin access (the Fetch standard's CORS protocol) for every path alike. Authorization travels in headers, never
 * in cookies, so replies allow no credentials and any request header may be allowed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** What clients are known to send, for a preflight that asks for no header by name. */
const REQUEST_HEADERS = [
  'authorization',
  'apikey',
  'cache-control',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'x-client-info',
  'x-metadata',
  'x-request-id',
  'x-robots-tag',
  'x-upsert',
].join(', ');

const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Last-Modified',
  'Location',
  'RateLimit-Limit',
  'RateLimit-Reason',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'RateLimit-Skipped',
  'Retry-After',
  'X-Request-Id',
  'X-Spacedog-Owner',
].join(', ');

/** Browsers cap this at two hours or a day themselves. */
const MAX_AGE_SECONDS = 86_400;

const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;

export type Middleware = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

/**
 * Middleware that marks every reply for the allowed origins (`*`: all) and answers every preflight with 204. An origin
 * that is not on the list gets the same reply without the permission, so its browser refuses.
 */
export function makeCors(origins: readonly string[]): Middleware {
  const anyOrigin = origins.includes('*');
  return (req, res, next) => {
    // For `*` the reply must not depend on who asks: a shared cache serves it to everybody.
    const origin = anyOrigin ? '*' : req.headers.origin;
    if (!anyOrigin) res.appendHeader('vary', 'Origin');
    const allowed = origin !== undefined && (anyOrigin || origins.includes(origin));
    if (allowed) {
      res.setHeader('access-control-allow-origin', origin);
      res.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
    }
    if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) {
      next();
      return;
    }
    if (allowed) allowRequest(req, res);
    res.writeHead(204).end();
  };
}

function allowRequest(req: IncomingMessage, res: ServerResponse): void {
  const wanted = req.headers['access-control-request-headers'];
  res.setHeader('access-control-allow-methods', METHODS);
  res.setHeader(
    'access-control-allow-headers',
    wanted !== undefined && HEADER_NAMES.test(wanted) ? wanted : REQUEST_HEADERS,
  );
  res.setHeader('access-control-max-age', MAX_AGE_SECONDS);
  res.appendHeader('vary', 'Access-Control-Request-Headers');
}
