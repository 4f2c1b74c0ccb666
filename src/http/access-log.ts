/** One line for each request, at its end, and its figures for the metrics. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, errorCode, SluiceError } from '../domain/errors.ts';
import { clientAddress } from './client-address.ts';
import type { Middleware } from './cors.ts';
import { whenReplied } from './reply-outcome.ts';
import { recordOf } from './request-record.ts';

/** What a finished request was. */
export interface FinishedRequest {
  readonly requestId: string;
  readonly method: string;
  /** Without the query, which may hold a link's token. */
  readonly path: string;
  /** The operation id of the contract; null for a path that is none. */
  readonly operation: string | null;
  readonly role: string | null;
  readonly subject: string | null;
  /** Only where a bad token was passed over: whoever finds nothing with it reads the reason nowhere else. */
  readonly ignoredLogin?: string;
  /** 499 where the client went away before the reply was complete. */
  readonly status: number;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly remote: string;
  readonly error: unknown;
}

export interface AccessLogOptions {
  readonly log: Record<'error' | 'info', (message: string, fields: object) => unknown>;
  readonly onRequest: (request: FinishedRequest) => void;
}

const CLIENT_GONE = 499;

/** What a connection had carried when its last request ended; a request's head is read before we hear of it. */
const COUNTED = Symbol('bytes counted so far');
type CountedSocket = Socket & { [COUNTED]?: { in: number; out: number } };

/** Failures of ours are errors and carry their causes; refusals, and clients that hang up, are a line like any other. */
export function makeAccessLog({ log, onRequest }: AccessLogOptions): Middleware {
  return (req, res, next) => {
    const started = performance.now();
    const socket: CountedSocket = req.socket;
    const counted = socket[COUNTED] ?? { in: 0, out: 0 };
    const remote = clientAddress(req); // a socket that is closed has forgotten it
    whenReplied(res, complete => {
      const request = finishedRequest(req, res, { started, counted, remote, complete });
      socket[COUNTED] = { in: socket.bytesRead, out: socket.bytesWritten };
      onRequest(request);
      const { error, ...line } = request;
      if (isOurFault(request)) log.error('request', request);
      else log.info('request', error === null ? line : { ...line, ...refusalOf(error) });
    });
    next();
  };
}

/** Which token is refused as expired and which as forged, or which permit is missing, the code alone does not tell. */
function refusalOf(error: unknown): object {
  const code = errorCode(error);
  if (!(error instanceof SluiceError)) return { error: code };
  const facts = Object.entries(error.facts).filter(([, fact]) => fact !== null && fact !== '');
  return { error: code, reason: error.message, ...(facts.length === 0 ? {} : { facts: Object.fromEntries(facts) }) };
}

/** Also where an API says 400 for everything: what broke must be told with its causes. */
const OURS: ReadonlySet<ErrorCode> = new Set(['internal', 'bytes-missing', 'unavailable', 'timeout', 'out-of-space']);

/** Refusals whose true status is beyond 500: what the staff has switched off, and what no server here will ever do. */
const NOT_OURS: ReadonlySet<ErrorCode> = new Set(['switched-off', 'coding-not-understood']);

function isOurFault({ status, error }: FinishedRequest): boolean {
  if (error !== null && NOT_OURS.has(errorCode(error))) return false;
  return status >= 500 || (error !== null && OURS.has(errorCode(error)));
}

interface ReplyCircumstances {
  readonly started: number;
  readonly counted: { readonly in: number; readonly out: number };
  readonly remote: string;
  readonly complete: boolean;
}

function finishedRequest(
  req: IncomingMessage,
  res: ServerResponse,
  { started, counted, remote, complete }: ReplyCircumstances,
): FinishedRequest {
  const { operationId, role, subject, ignoredLogin, error } = recordOf(res);
  const url = req.url ?? '';
  const query = url.indexOf('?');
  return {
    requestId: String(res.getHeader('x-request-id') ?? ''),
    method: req.method ?? '',
    path: query === -1 ? url : url.slice(0, query),
    operation: operationId,
    role,
    subject,
    ...(ignoredLogin === null ? {} : { ignoredLogin }),
    status: complete ? res.statusCode : CLIENT_GONE,
    durationMs: Math.round((performance.now() - started) * 10) / 10,
    bytesIn: Math.max(0, req.socket.bytesRead - counted.in),
    bytesOut: Math.max(0, req.socket.bytesWritten - counted.out),
    remote,
    error,
  };
}
