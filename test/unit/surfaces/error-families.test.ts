/** Each API says every error in its own form, and never in another's. */
import { type ErrorCode, KIND_OF, SluiceError } from '../../../src/domain/errors.ts';
import type { ErrorReply } from '../../../src/http/error-reply.ts';
import * as bulgur from '../../../src/surfaces/bulgur/errors.ts';
import * as cumulonimbus from '../../../src/surfaces/cumulonimbus/errors.ts';
import * as spacedog from '../../../src/surfaces/spacedog/envelope.ts';
import * as supabase from '../../../src/surfaces/supabase/errors.ts';
import * as zipline from '../../../src/surfaces/zipline/errors.ts';

const CODES = Object.keys(KIND_OF) as ErrorCode[];
const FACTS = {
  size: 1,
  limit: 1,
  resetSeconds: 1,
  fields: 'name',
  token: 't',
  expiresAt: '2026-01-01',
  types: 'totp',
};

interface Family {
  replyOf(error: SluiceError): ErrorReply;
  /** What every body of it is. */
  form(status: number): unknown;
}

const text = expect.any(String);

const FAMILIES: Readonly<Record<string, Family>> = {
  '000': { replyOf: bulgur.errorReplyOf, form: () => text },
  '001': {
    replyOf: error => zipline.errorReplyOf(error, 'listUserFiles'),
    form: status => ({ error: text, code: status }),
  },
  '002': {
    replyOf: error => supabase.errorReplyOf(error, { operationId: 'getObject', strictHttpStatus: true }),
    form: status => ({ statusCode: `${status}`, error: text, message: text, code: text }),
  },
  '003': {
    replyOf: spacedog.errorReplyOf,
    form: status => ({ success: false, status, error: { message: text } }),
  },
  '004': {
    replyOf: error => cumulonimbus.errorReplyOf(error, 'listMyFiles'),
    form: () => expect.objectContaining({ code: expect.stringMatching(/^[A-Z_]+_ERROR$/), message: text }),
  },
};

describe.each(Object.entries(FAMILIES))('API %s', (_api, { replyOf, form }) => {
  it.each(CODES)('says %s in its own form, under a status of errors, kept by no cache', code => {
    const { status, body, headers } = replyOf(new SluiceError(code, 'what is wrong', { facts: FACTS }));
    expect(body).toEqual(form(status));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  });
});
