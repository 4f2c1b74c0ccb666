/**
 * One request to a gateway, written as it stands: no path is normalized, no body decoded, no redirect followed. Every
 * reply is checked against openapi.yaml, so a test that passes has also seen only described replies.
 */
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Contract, loadContract } from '../../src/contract/contract.ts';
import { makeRouteMatcher } from '../../src/contract/route-matcher.ts';

export interface CallOptions {
  /** The bearer token; none unless given. */
  readonly token?: string | undefined;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as it is; a stream is sent in chunks, without Content-Length. */
  readonly body?: string | Buffer | Readable;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as multipart/form-data. */
  readonly form?: readonly FormPart[];
}

/** A field, or with `type` a file. */
export interface FormPart {
  readonly name: string;
  readonly value: string | Buffer;
  readonly type?: string;
  readonly fileName?: string;
}

export interface CallReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The parsed body; undefined where it is no JSON. */
  readonly json: unknown;
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<CallReply>;

/** What a refusal looks like where a path or a method is unknown, by the API that has the path; the bucket API the rest. */
const UNKNOWN_ROUTES: readonly (readonly [RegExp, (reply: CallReply) => boolean])[] = [
  [
    /^\/(?:api\/user|folder|u|r)(?:\/|$)/,
    ({ status, json }) => [404, 405].includes(status) && isExactly(json, { code: status, error: 'string' }),
  ],
  [/^\/(?:storage(?!\/v1(?:\/|$))|auth)(?:\/|$)/, ({ status, json }) => status === 404 && typeof json === 'string'],
  [
    /^\/1(?:\/|$)/,
    ({ status, json }) =>
      [404, 405].includes(status) &&
      isExactly(json, { success: false, status, error: (json as { error?: unknown } | undefined)?.error }) &&
      isExactly((json as { error?: unknown } | undefined)?.error, { message: 'string' }),
  ],
  [
    /^\/api(?:\/|$)/,
    ({ status, json }) =>
      status === 404 && isExactly(json, { code: 'INVALID_ENDPOINT_ERROR', message: 'Invalid Endpoint' }),
  ],
  [
    /^\//,
    ({ status, json }) =>
      status === 404 &&
      isExactly(json, { statusCode: 'string', error: 'string', message: 'string', code: 'string' }) &&
      /^[1-5]\d\d$/.test((json as { statusCode: string }).statusCode),
  ],
];

/** These keys and no others; a text that is not empty where `string` is wanted, else the value itself. */
function isExactly(json: unknown, wanted: Readonly<Record<string, unknown>>): boolean {
  const body = (json ?? {}) as Record<string, unknown>;
  return (
    Object.keys(body).sort().join() === Object.keys(wanted).sort().join() &&
    Object.entries(wanted).every(([key, value]) =>
      value === 'string' ? typeof body[key] === 'string' && body[key] !== '' : body[key] === value,
    )
  );
}

/** Makes `call` for the gateway at this address. */
export function makeCall(url: string): Call {
  const checkReply = makeReplyCheck();
  return async (method, path, options = {}) => {
    const reply = await send(url, method, path, options);
    checkReply(method, path, reply);
    return reply;
  };
}

/** Throws, with all findings, where a reply is not as openapi.yaml describes it. */
export function makeReplyCheck(): (method: string, path: string, reply: CallReply) => void {
  const contract = loadContract(readFileSync(join(__dirname, '..', '..', 'openapi.yaml'), 'utf8'));
  const operationOf = makeOperationFinder(contract);
  return (method, path, reply) => {
    const operationId = operationOf(method, path);
    const findings =
      operationId === null ? unknownRouteFindings(path, reply) : findingsOf(contract, { operationId, method }, reply);
    if (reply.headers['x-request-id'] === undefined) findings.push('no x-request-id');
    if (reply.bytes.length > 0 && reply.headers['x-content-type-options'] !== 'nosniff') findings.push('no nosniff');
    if (findings.length > 0) {
      throw new Error(`${method} ${path} gave ${reply.status} ${reply.text.slice(0, 300)}\n${findings.join('\n')}`);
    }
  };
}

function makeOperationFinder(contract: Contract): (method: string, path: string) => string | null {
  const match = makeRouteMatcher(
    [...contract.operations.values()].map(({ id, method, path, slashOptional, wildcard }) => ({
      method,
      path,
      slashOptional,
      wildcard,
      target: id,
    })),
  );
  return (method, path) =>
    match(method, path.replace(/\?.*$/s, '').replace(/^\/storage\/v1(?=\/)/, ''))?.target ?? null;
}

function findingsOf(
  contract: Contract,
  { operationId, method }: { operationId: string; method: string },
  reply: CallReply,
): string[] {
  // Where HEAD has no operation of its own it is described by its GET, but for the body.
  if (method === 'HEAD' && contract.operations.get(operationId)?.method === 'GET') {
    return reply.bytes.length === 0 ? [] : ['a HEAD has a body'];
  }
  const type = reply.headers['content-type'] ?? null;
  const body = reply.bytes.length === 0 ? null : (reply.json ?? reply.text);
  return [...contract.validateResponse(operationId, reply.status, type, body)];
}

function unknownRouteFindings(path: string, reply: CallReply): string[] {
  const [, fits] = UNKNOWN_ROUTES.find(([prefix]) => prefix.test(path)) ?? [];
  return fits?.(reply) ? [] : ['an unknown route is not refused in the form of its API'];
}

function send(url: string, method: string, path: string, options: CallOptions): Promise<CallReply> {
  const { headers, body } = prepared(options);
  return new Promise((resolve, reject) => {
    const req = request(url, { method, path, headers, agent: false }, res => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => resolve(replyOf(res.statusCode ?? 0, res.headers, Buffer.concat(chunks))));
    });
    req.on('error', reject);
    if (body instanceof Readable) body.on('error', reject).pipe(req);
    else req.end(body);
  });
}

function prepared({ token, headers, body, json, form }: CallOptions) {
  const login = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (body instanceof Readable) return { body, headers: { ...login, ...headers } };
  const typed = json !== undefined ? JSON_TYPE : form !== undefined ? FORM_TYPE : {};
  const text = json !== undefined ? JSON.stringify(json) : form !== undefined ? encodeForm(form) : (body ?? '');
  // Said outright: of itself Node says nothing of the length of a DELETE's body.
  const length = { 'content-length': Buffer.byteLength(text) };
  return { body: text, headers: { ...login, ...typed, ...length, ...headers } };
}

export const BOUNDARY = 'the-boundary-of-the-tests';
const FORM_TYPE = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
const JSON_TYPE = { 'content-type': 'application/json' };

/** A form as RFC 7578 writes it. */
export function encodeForm(parts: readonly FormPart[]): Buffer {
  const chunks = parts.flatMap(({ name, value, type, fileName }) => {
    const file = type === undefined ? '' : `; filename="${fileName ?? 'file'}"`;
    const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n`;
    const typed = type === undefined || type === '' ? '' : `content-type: ${type}\r\n`;
    return [Buffer.from(`${head}${typed}\r\n`), Buffer.from(value), Buffer.from('\r\n')];
  });
  return Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

function replyOf(status: number, headers: IncomingHttpHeaders, bytes: Buffer): CallReply {
  const text = bytes.toString();
  return { status, headers, bytes, text, json: parsed(text, headers['content-type']) };
}

function parsed(text: string, contentType: string | undefined): unknown {
  if (!/^application\/json\b/.test(contentType ?? '')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
