/** Errors in this API's own wire form: a word that ends in `_ERROR` and a title, under the true status. */
import type { ErrorCode, ErrorFacts, SluiceError } from '../../domain/errors.ts';
import { type ErrorReply, errorHeaders, makeWording, type Said } from '../../http/error-reply.ts';

const MISSING_FIELDS = 'MISSING_FIELDS';

const say = makeWording({
  ofKinds: {
    malformed: MISSING_FIELDS,
    unproven: 'INVALID_SESSION',
    forbidden: 'INSUFFICIENT_PERMISSIONS',
    absent: 'INVALID_FILE',
    conflict: 'FILE_EXISTS',
    'too-large': 'BODY_TOO_LARGE',
    'wrong-type': 'INVALID_FILE_TYPE',
    'rate-limited': 'RATELIMITED',
    locked: 'SERVICE_UNAVAILABLE',
    'upload-expired': 'REQUEST_TIMEOUT',
    'precondition-failed': 'PRECONDITION_FAILED',
    'range-not-satisfiable': 'RANGE_NOT_SATISFIABLE',
    'expectation-failed': 'EXPECTATION_FAILED',
    'not-implemented': 'NOT_IMPLEMENTED',
    aborted: 'REQUEST_ABORTED',
    'out-of-space': 'INSUFFICIENT_STORAGE',
    unavailable: 'SERVICE_UNAVAILABLE',
    timeout: 'TIMEOUT',
    internal: 'INTERNAL_SERVER',
  },
  ofCodes: {
    'invalid-password': 'INVALID_PASSWORD',
    'second-factor-required': 'SECOND_FACTOR_CHALLENGE_REQUIRED',
    'invalid-second-factor': 'INVALID_SECOND_FACTOR_RESPONSE',
    'folder-not-found': [400, MISSING_FIELDS],
    'account-not-found': 'INVALID_USER',
    referenced: 'FILE_REFERENCED',
  },
  ofPermits: {
    'account-active': 'BANNED',
    'mail-verified': 'EMAIL_NOT_VERIFIED',
    'second-factor': [401, 'ENDPOINT_REQUIRES_SECOND_FACTOR'],
  },
});

/** Where the title says more than the word. */
const TITLES: Readonly<Record<string, string>> = {
  RATELIMITED: 'You Have Been Ratelimited. Please Try Again Later.',
  INTERNAL_SERVER: 'Internal Server Error',
};

export function errorReplyOf(error: SluiceError, operationId: string): ErrorReply {
  const { status, text } = variantOf(error);
  const body = { ...inWords(text), ...extraOf(error, text, operationId) };
  return { status, body, headers: errorHeaders(status, error) };
}

export const UNKNOWN_ENDPOINT: ErrorReply = {
  status: 404,
  body: inWords('INVALID_ENDPOINT'),
  headers: { 'cache-control': 'no-store', 'ratelimit-skipped': 'true' },
};

function inWords(word: string) {
  const title = word.toLowerCase().replace(/(?:^|_)[a-z]/g, start => start.replace('_', ' ').toUpperCase());
  return { code: `${word}_ERROR`, message: TITLES[word] ?? title };
}

function variantOf(error: SluiceError): Said {
  const { code, facts } = error;
  const said = say(error);
  if (code === 'too-large' && facts.part === 'ids') return { ...said, status: 400 };
  // Broken percent-encoding names nothing, whoever asks.
  if (code === 'invalid-parameter' && facts.part === 'path') return { status: 404, text: 'INVALID_ENDPOINT' };
  // Another session than the one that asks; the caller's own is good.
  if (code === 'invalid-session' && facts.part === 'params') return { ...said, status: 404 };
  if (code === 'invalid-second-factor' && facts.reason === 'malformed') return { ...said, status: 400 };
  return said;
}

function extraOf({ code, facts }: SluiceError, word: string, operationId: string): object {
  if (word === MISSING_FIELDS) return { fields: fieldsOf(code, facts, operationId) };
  if (code === 'switched-off') return { feature: facts.feature };
  if (code !== 'second-factor-required') return {};
  const { token, expiresAt, types } = facts;
  return { token, exp: Math.floor(Date.parse(String(expiresAt)) / 1000), types: String(types).split(',') };
}

function fieldsOf(code: ErrorCode, { fields, header }: ErrorFacts, operationId: string): string[] {
  if (code === 'folder-not-found') return ['x-zipline-folder'];
  // A form that breaks off or has no boundary gives no file.
  const named = fields || header || (operationId === 'uploadFile' ? 'file' : '');
  return named === '' ? [] : String(named).split(',');
}
