/** The signer against an independent one, aws4, on requests of every form that the driver makes. */
import { makeS3Signer, type S3Credentials, type UnsignedRequest } from '../../../src/blobs/s3-signer.ts';

interface Aws4 {
  sign(request: object, credentials: object): { headers: Record<string, string> };
}
const aws4: Aws4 = require('aws4');

const HOST = 's3.example.org:9000';
const REGION = 'eu-west-1';
const EVENING = Date.UTC(2026, 10, 21, 23, 59, 59, 500);
const KEYS: S3Credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const GET: UnsignedRequest = { method: 'GET', path: '/bucket/3f/3f2a1111-2222-4333-8444-555566667777', headers: [] };
const PUT: UnsignedRequest = {
  ...GET,
  method: 'PUT',
  headers: [
    ['x-amz-meta-sluice-bucket', 'cGhvdG9z'],
    ['x-amz-meta-sluice-name', 'w6l0w6kucG5n'],
  ],
};

function authorizationOf(sent: readonly string[]): string | undefined {
  return sent[sent.indexOf('authorization') + 1];
}

function byAws4(request: UnsignedRequest, keys: S3Credentials, now: number): string | undefined {
  const stamp = `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const headers = {
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-date': stamp,
    ...Object.fromEntries(request.headers),
  };
  const { method, path } = request;
  return aws4.sign({ host: HOST, method, path, service: 's3', region: REGION, headers }, keys).headers.Authorization;
}

describe('an S3 signature', () => {
  it.each([
    ['GET', GET, KEYS],
    ['HEAD of a bucket', { ...GET, method: 'HEAD', path: '/bucket' }, KEYS],
    ['PUT with labels', PUT, KEYS],
    ['PUT with labels and a session token', PUT, { ...KEYS, sessionToken: 'token/with+signs==' }],
  ])('equals that of aws4 for a %s', (_case, request, keys) => {
    const sign = makeS3Signer({ region: REGION, host: HOST, now: () => EVENING });
    expect(authorizationOf(sign(request, keys))).toBe(byAws4(request, keys, EVENING));
  });

  it('follows the clock over midnight', () => {
    let now = EVENING;
    const sign = makeS3Signer({ region: REGION, host: HOST, now: () => now });
    sign(GET, KEYS);
    now += 1_000;
    expect(authorizationOf(sign(GET, KEYS))).toBe(byAws4(GET, KEYS, now));
  });

  it('follows credentials that are replaced within the day', () => {
    const sign = makeS3Signer({ region: REGION, host: HOST, now: () => EVENING });
    sign(GET, KEYS);
    const next = { accessKeyId: 'OTHER', secretAccessKey: 'another' };
    expect(authorizationOf(sign(GET, next))).toBe(byAws4(GET, next, EVENING));
  });
});
