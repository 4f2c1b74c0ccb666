import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { type ErrorCode, type ErrorFacts, type ErrorKind, KIND_OF, SluiceError } from '../../../src/domain/errors.ts';
import { answerErrors, errorHeaders, makeWording } from '../../../src/http/error-reply.ts';
import { recordOf } from '../../../src/http/request-record.ts';

const errorOf = (code: ErrorCode, facts: ErrorFacts = {}) => new SluiceError(code, 'its own message', { facts });
const OF_KINDS = Object.fromEntries(Object.values(KIND_OF).map(kind => [kind, `a ${kind}`])) as Record<
  ErrorKind,
  string
>;

describe('the words for an error', () => {
  const say = makeWording({
    ofKinds: { ...OF_KINDS, 'too-large': null, conflict: [400, 'conflicting'] },
    ofCodes: { 'invalid-password': 'wrong', 'missing-password': [403, null] },
    ofPermits: { staff: 'not of the staff', 'second-factor': [401, 'one factor'] },
  });

  it.each<[string, SluiceError, number, string]>([
    ['of a kind come under the true status', errorOf('object-not-found'), 404, 'a absent'],
    ['of a kind may come under another', errorOf('object-exists'), 400, 'conflicting'],
    ['are its own message where there are none', errorOf('limit-too-large'), 413, 'its own message'],
    ['of a code go before those of its kind', errorOf('invalid-password'), 401, 'wrong'],
    ['of a code may be another status alone', errorOf('missing-password'), 403, 'its own message'],
    ['name the permit that is missing', errorOf('not-permitted', { permit: 'staff' }), 403, 'not of the staff'],
    ['may say so under another status', errorOf('not-permitted', { permit: 'second-factor' }), 401, 'one factor'],
    ['are those of the kind for any other permit', errorOf('not-permitted', { permit: 'x' }), 403, 'a forbidden'],
    ['heed a permit where one is missing, only', errorOf('access-denied', { permit: 'staff' }), 403, 'a forbidden'],
  ])('%s', (_what, error, status, text) => {
    expect(say(error)).toEqual({ status, text });
  });
});

describe('the headers of an error', () => {
  it.each<[string, number, SluiceError, object]>([
    ['say that a token would do', 401, errorOf('invalid-token'), { 'www-authenticate': 'Bearer' }],
    ['keep it out of caches', 404, errorOf('object-not-found'), {}],
    ['say when to try again', 503, errorOf('unavailable'), { 'retry-after': '1' }],
    ['do not say so of what is switched off', 503, errorOf('switched-off'), {}],
    ['say how long a limit holds', 429, errorOf('rate-limited', { resetSeconds: 7 }), { 'retry-after': '7' }],
    ['say where the file ends', 416, errorOf('range-not-satisfiable', { size: 3 }), { 'content-range': 'bytes */3' }],
  ])('%s', (_what, status, error, headers) => {
    expect(errorHeaders(status, error)).toEqual({ 'cache-control': 'no-store', ...headers });
  });
});

describe('the answer to an error', () => {
  const responseOf = () => new ServerResponse(new IncomingMessage(new Socket()));
  const replyOf = ({ code }: SluiceError) => ({ status: 418, body: { code }, headers: {} });

  it('is noted for the log line as it was thrown', () => {
    const res = responseOf();
    const thrown = new Error('secret');
    answerErrors(replyOf)(thrown, res.req, res, 'getObject');
    expect(recordOf(res)).toMatchObject({ error: thrown, operationId: 'getObject' });
    expect(res.statusCode).toBe(418);
  });

  it('waits for what is done before it', async () => {
    const res = responseOf();
    const sent: boolean[] = [];
    const before = async () => void sent.push(res.headersSent);
    answerErrors(replyOf, before)(errorOf('locked'), res.req, res, 'getObject');
    expect(res.headersSent).toBe(false);
    await new Promise(resolve => setImmediate(resolve));
    expect([sent, res.headersSent]).toEqual([[false], true]);
  });

  it('costs the connection where that fails', async () => {
    const res = responseOf();
    const before = () => Promise.reject(new Error('broken'));
    answerErrors(replyOf, before)(errorOf('locked'), res.req, res, 'getObject');
    await new Promise(resolve => setImmediate(resolve));
    expect([res.headersSent, res.destroyed]).toEqual([false, true]);
  });
});
