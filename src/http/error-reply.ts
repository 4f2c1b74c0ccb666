/**
 * What the ways in which APIs say an error have in common: the true status of each kind, the headers that HTTP wants beside
 * it, and the note for the log line. The words, and where an API says another status, are each surface's own.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import {
  answersByCode,
  asSluiceError,
  type ErrorCode,
  type ErrorKind,
  KIND_OF,
  type SluiceError,
} from '../domain/errors.ts';
import { recordOf } from './request-record.ts';
import { sendJson } from './send-json.ts';

export interface ErrorReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: OutgoingHttpHeaders;
}

/** A text under the true status, or under another. A text that is null is the error's own message. */
export type Wording = string | null | readonly [status: number, text: string | null];

export interface Said {
  readonly status: number;
  readonly text: string;
}

/** RFC 9110, and 423 and 507 of RFC 4918; 499 is nginx's, of whom no client hears. */
const STATUS_OF: Readonly<Record<ErrorKind, number>> = {
  malformed: 400,
  unproven: 401,
  forbidden: 403,
  absent: 404,
  'upload-expired': 408,
  conflict: 409,
  'precondition-failed': 412,
  'too-large': 413,
  'wrong-type': 415,
  'range-not-satisfiable': 416,
  'expectation-failed': 417,
  locked: 423,
  'rate-limited': 429,
  aborted: 499,
  internal: 500,
  'not-implemented': 501,
  unavailable: 503,
  timeout: 504,
  'out-of-space': 507,
};

/** For routes of no API: the true status, and the error's own message unless it is a failure of ours. */
export function plainlySaid(thrown: unknown): Said {
  const error = asSluiceError(thrown);
  const kind = KIND_OF[error.code];
  return { status: STATUS_OF[kind], text: kind === 'internal' ? 'Internal Server Error' : error.message };
}

/** For the kinds that no document of an API has words for. */
export const PLAIN_WORDS = {
  'too-large': null,
  'wrong-type': null,
  locked: 'the file is being changed by another request',
  'upload-expired': null,
  'precondition-failed': 'precondition failed',
  'range-not-satisfiable': 'range not satisfiable',
  'expectation-failed': null,
  'not-implemented': null,
  aborted: 'request aborted',
  'out-of-space': 'the store has no space left',
  timeout: 'the database did not answer in time',
  internal: 'internal server error',
} as const satisfies Partial<Record<ErrorKind, Wording>>;

export interface Wordings {
  readonly ofKinds: Readonly<Record<ErrorKind, Wording>>;
  /** Where it says more than by kind. */
  readonly ofCodes: Readonly<Partial<Record<ErrorCode, Wording>>>;
  /** Where it says which permit is missing. */
  readonly ofPermits?: Readonly<Record<string, Wording>>;
}

/** How an API words every error. */
export function makeWording({ ofKinds, ofCodes, ofPermits = {} }: Wordings): (error: SluiceError) => Said {
  const wordings = answersByCode(ofKinds, ofCodes);
  return ({ code, message, facts }) => {
    const ofPermit = code === 'not-permitted' ? ofPermits[String(facts.permit)] : undefined;
    const wording = ofPermit ?? wordings[code];
    const isPlain = wording === null || typeof wording === 'string';
    const [status, text] = isPlain ? [STATUS_OF[KIND_OF[code]], wording] : wording;
    return { status, text: text ?? message };
  };
}

/**
 * Who must prove who they are is told how (RFC 9110 §15.5.2): by a token, for which browsers do not ask. No cache keeps an error; who must wait is told how long, and who asked beyond the end where that is. What was switched off
 * is back at a time that nobody knows.
 */
export function errorHeaders(status: number, { code, facts }: SluiceError): OutgoingHttpHeaders {
  return {
    'cache-control': 'no-store',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(status === 503 && code !== 'switched-off' ? { 'retry-after': '1' } : {}),
    ...(status === 429 ? { 'retry-after': `${facts.resetSeconds}` } : {}),
    ...(status === 416 ? { 'content-range': `bytes */${facts.size}` } : {}),
  };
}

/** What is done before the reply is sent. */
export type BeforeError = (
  res: ServerResponse,
  refusal: { readonly error: SluiceError; readonly status: number },
  operationId: string,
) => Promise<void>;

/**
 * For `onError` of a route binding: notes the error for the log line and sends the reply, unless one has begun. `before` is
 * done first, so that whoever has read the reply may count on it.
 */
export function answerErrors(
  replyOf: (error: SluiceError, operationId: string) => ErrorReply,
  before: BeforeError | null = null,
) {
  return (thrown: unknown, _req: IncomingMessage, res: ServerResponse, operationId: string): void => {
    Object.assign(recordOf(res), { error: thrown, operationId });
    if (res.headersSent) return;
    const error = asSluiceError(thrown);
    const reply = replyOf(error, operationId);
    const send = () => sendJson({ res, ...reply });
    if (before === null) send();
    else
      before(res, { error, status: reply.status }, operationId)
        .then(send)
        .catch(() => res.destroy());
  };
}
