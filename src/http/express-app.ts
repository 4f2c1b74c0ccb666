/**
 * The Express application and its HTTP server, with the limits that keep one client from costing the others anything.
 * Knows no routes.
 */
import { createServer, IncomingMessage, type Server, type ServerOptions, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import type { BadRequest } from './bad-request-reply.ts';
import { badRequestBody } from './bad-request-reply.ts';
import { type Connections, trackConnections } from './connections.ts';
import { assignRequestId } from './request-id.ts';
import { sendJson } from './send-json.ts';

export interface ExpressAppOptions {
  /** How many proxies of ours are in front. What came in `X-Forwarded-For` before the outermost of them is hearsay. */
  readonly trustProxy: number;
  /** After how long a client that reads nothing, or sends next to nothing, is dropped. */
  readonly idleTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
  /** Told of bytes that were no HTTP request and never reach the application. */
  readonly onBadRequest?: (request: BadRequest) => void;
  readonly keepAliveTimeoutMs?: number;
}

export interface ExpressApp {
  readonly app: Express;
  readonly server: Server;
  readonly connections: Connections;
}

const IDLE_TIMEOUT_MS = 60_000;
export const HEADERS_TIMEOUT_MS = 30_000;
/** Longer than the 60 s of common balancers, so that it is never us who close a connection they are about to use. */
const KEEP_ALIVE_TIMEOUT_MS = 61_000;
/** Room for a token in a header beside one in a signed URL, and for user metadata in `x-metadata`. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Builds both; nothing listens yet. Paths match exactly: letter case and a trailing slash count. */
export function makeExpressApp(options: ExpressAppOptions): ExpressApp {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('trust proxy', options.trustProxy);

  const idleTimeoutMs = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
  const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
  const server = createServer({
    ...messageClasses(app),
    noDelay: true,
    insecureHTTPParser: false,
    requireHostHeader: false, // Node would refuse without a word
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout,
    connectionsCheckingInterval: Math.min(10_000, headersTimeout),
    requestTimeout: 0, // a large upload may take hours; the idle rule of `connections.ts` stands in
    keepAliveTimeout: options.keepAliveTimeoutMs ?? KEEP_ALIVE_TIMEOUT_MS,
  });
  server.maxHeadersCount = 0; // Node would drop those beyond a number without a word; the limit in bytes refuses
  const connections = trackConnections(server, { idleTimeoutMs, onBadRequest: options.onBadRequest });
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    if (lacksHost(req)) refuseHostless(req, res);
    else app(req, res);
  });
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    continueWhenRead(req, res);
    server.emit('request', req, res);
  });
  // Node would answer in no API's words; whoever is asked refuses it.
  server.on('checkExpectation', (req, res) => server.emit('request', req, res));
  return { app, server, connections };
}

/** RFC 9112 §3.2: of what HTTP/1.1 asks, the one header. */
function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

function refuseHostless(req: IncomingMessage, res: ServerResponse): void {
  assignRequestId(req, res);
  res.setHeader('connection', 'close');
  sendJson({ res, status: 400, body: badRequestBody(400, 'Bad Request', 'A request of HTTP/1.1 names its Host') });
}

/** Sends `100 Continue` at the first attempt to read the body, so that a refusal can come instead (RFC 9110 §10.1.1). */
function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  const read = req._read;
  req._read = size => {
    req._read = read;
    if (!res.headersSent) res.writeContinue();
    read.call(req, size);
  };
}

/**
 * Express gives every request and response its own prototype; on Node up to 22 that throws away V8's knowledge of both
 * objects and costs 100 µs a request. Objects born with that prototype make it a no-op (140 µs become 40).
 */
function messageClasses(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  if (Number.parseInt(process.versions.node, 10) >= 24) return {};
  class AppRequest extends IncomingMessage {}
  class AppResponse<Request extends IncomingMessage> extends ServerResponse<Request> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
