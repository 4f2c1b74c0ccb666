import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { SluiceError } from '../../../src/domain/errors.ts';
import { sayLimit, settleLimit } from '../../../src/http/rate-limit-headers.ts';

const LEFT = { 'ratelimit-limit': 100, 'ratelimit-remaining': 99, 'ratelimit-reset': 60 };
const SKIPPED = { 'ratelimit-skipped': 'true' };
const REACHED = {
  'ratelimit-limit': '20',
  'ratelimit-remaining': '0',
  'ratelimit-reset': '7',
  'ratelimit-reason': 'standard',
};

const responseOf = () => new ServerResponse(new IncomingMessage(new Socket()));
const limited = new SluiceError('rate-limited', 'too many', { facts: { limit: 20, resetSeconds: 7 } });
const locked = new SluiceError('locked', 'busy');

function counted(giveBack = async () => {}) {
  return { limit: 100, remaining: 99, resetSeconds: 60, giveBack };
}

describe('a reply', () => {
  it('says what is left of the limit', () => {
    const res = responseOf();
    sayLimit(res, counted());
    expect({ ...res.getHeaders() }).toEqual(LEFT);
  });

  it('says that nothing was counted', () => {
    const res = responseOf();
    sayLimit(res, counted());
    sayLimit(res, null);
    expect({ ...res.getHeaders() }).toEqual(SKIPPED);
  });
});

describe('an error', () => {
  it.each([
    ['that counts leaves the count', counted(), { error: locked, status: 423, isFree: false }, LEFT],
    ['before anything was counted says so', undefined, { error: locked, status: 423, isFree: false }, SKIPPED],
    ['of a request that is not counted stays one', null, { error: locked, status: 423, isFree: true }, SKIPPED],
    ['by a limit says which', undefined, { error: limited, status: 429, isFree: false }, REACHED],
    ['by a further limit says which', counted(), { error: limited, status: 429, isFree: false }, REACHED],
    ['by a limit was not skipped', null, { error: limited, status: 429, isFree: false }, REACHED],
  ])('%s', async (_what, before, refusal, headers) => {
    const res = responseOf();
    if (before !== undefined) sayLimit(res, before);
    await settleLimit(res, refusal);
    expect({ ...res.getHeaders() }).toEqual(headers);
  });

  it.each([
    ['gives back what does not count', async () => {}],
    ['says so where the database cannot be told', () => Promise.reject(new Error('away'))],
  ])('%s', async (_what, answer) => {
    const giveBack = jest.fn(answer);
    const res = responseOf();
    sayLimit(res, counted(giveBack));
    await settleLimit(res, { error: locked, status: 423, isFree: true });
    expect(giveBack).toHaveBeenCalledTimes(1);
    expect({ ...res.getHeaders() }).toEqual(SKIPPED);
  });
});
