/** One request of every kind, each on names of its own, and what became of it, in words that fit into a table. */
import { Readable } from 'node:stream';
import { type Call, type CallReply, makeCall } from '../support/call.ts';
import { SERVICE_TOKEN } from '../support/gateway.ts';
import { until } from '../support/until.ts';

export interface RequestKind {
  readonly title: string;
  /** Whether it moves bytes, and so needs the store. */
  readonly movesBytes: boolean;
  /** Objects that must be there before: what it reads, removes or moves. */
  readonly needs: readonly string[];
  readonly send: (call: Call, folder: string) => Promise<CallReply>;
}

/** What became of one request. */
export interface Outcome {
  /** The answer: status, code and `Retry-After`; or how the connection ended without one. */
  readonly answer: string;
  readonly ms: number;
}

/** `Outcome`s by the title of their kind. */
export type Outcomes = Readonly<Record<string, Outcome>>;

export const GOOD = '200';
export const AWAY = '503 ServiceUnavailable, again in 1 s';

const token = SERVICE_TOKEN;
/** More than one part of the S3 driver. */
const LARGE_BYTES = 9 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

export const REQUEST_KINDS: readonly RequestKind[] = [
  {
    title: 'upload',
    movesBytes: true,
    needs: [],
    send: (call, folder) => call('POST', `/object/b/${folder}/small`, { token, body: 'a few bytes' }),
  },
  {
    title: 'form upload',
    movesBytes: true,
    needs: [],
    send: (call, folder) =>
      call('POST', `/object/b/${folder}/form`, {
        token,
        form: [{ name: '', type: 'text/plain', value: 'a few bytes in a form' }],
      }),
  },
  {
    title: 'upload in parts',
    movesBytes: true,
    needs: [],
    send: (call, folder) => call('POST', `/object/b/${folder}/large`, { token, body: manyBytes() }),
  },
  {
    title: 'download',
    movesBytes: true,
    needs: ['read'],
    send: (call, folder) => call('GET', `/object/authenticated/b/${folder}/read`, { token }),
  },
  {
    title: 'head',
    movesBytes: false,
    needs: ['read'],
    send: (call, folder) => call('HEAD', `/object/authenticated/b/${folder}/read`, { token }),
  },
  {
    title: 'listing',
    movesBytes: false,
    needs: [],
    send: (call, folder) => call('POST', '/object/list/b', { token, json: { prefix: `${folder}/` } }),
  },
  {
    title: 'link',
    movesBytes: false,
    needs: ['read'],
    send: (call, folder) => call('POST', `/object/sign/b/${folder}/read`, { token, json: { expiresIn: 60 } }),
  },
  {
    title: 'removal',
    movesBytes: false,
    needs: ['removed'],
    send: (call, folder) => call('DELETE', `/object/b/${folder}/removed`, { token }),
  },
  {
    title: 'move',
    movesBytes: false,
    needs: ['moved'],
    send: (call, folder) =>
      call('POST', '/object/move', {
        token,
        json: { bucketId: 'b', sourceKey: `${folder}/moved`, destinationKey: `${folder}/elsewhere` },
      }),
  },
];

export const CHECKS = ['/health', '/ready'] as const;

function* pieces(): Generator<Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES, 'many bytes ');
  for (let sent = 0; sent < LARGE_BYTES; sent += PIECE_BYTES) yield piece;
}

function manyBytes(): Readable {
  return Readable.from(pieces());
}

/** A bucket, and what the requests of these folders need. */
export async function furnishFolders(url: string, folders: readonly string[]): Promise<void> {
  const call = makeCall(url);
  await call('POST', '/bucket', { token, json: { name: 'b' } });
  const names = new Set(REQUEST_KINDS.flatMap(({ needs }) => needs));
  for (const name of names) {
    const path = (folder: string) => `/object/b/${folder}/${name}`;
    const put = (folder: string) =>
      call('POST', path(folder), { token, headers: { 'x-upsert': 'true' }, body: `the bytes of ${name}` });
    // A busy machine may take longer than the gateway of a test is told to wait.
    await Promise.all(
      folders.map(folder => until(`an object in ${folder}`, async () => (await put(folder)).status === 200, 60_000)),
    );
  }
}

/** One request of every kind, and of what watches the gateway, all at once. */
export async function sendAllKinds(url: string, folder: string): Promise<Outcomes> {
  const call = makeCall(url);
  const checks = CHECKS.map(path => [path, () => call('GET', path)] as const);
  const requests = REQUEST_KINDS.map(({ title, send }) => [title, () => send(call, folder)] as const);
  const outcomes = [...requests, ...checks].map(async ([title, send]) => [title, await outcomeOf(send)] as const);
  return Object.fromEntries(await Promise.all(outcomes));
}

/** What became of one request. A reply that is not as openapi.yaml says is an outcome of its own. */
export async function outcomeOf(send: () => Promise<CallReply>): Promise<Outcome> {
  const startedAt = performance.now();
  const answer = await send().then(wordsOf, (error: NodeJS.ErrnoException) => error.code ?? error.message);
  return { answer, ms: performance.now() - startedAt };
}

function wordsOf({ status, headers, json, text }: CallReply): string {
  const { code } = (json ?? {}) as { code?: string };
  const isHead = status !== 200 && text === '';
  const words = status === 200 ? '200' : `${status} ${isHead ? 'ServiceUnavailable' : (code ?? text)}`;
  return headers['retry-after'] === undefined ? words : `${words}, again in ${headers['retry-after']} s`;
}

/** The answers alone. */
export function answersOf(outcomes: Outcomes): Record<string, string> {
  return Object.fromEntries(Object.entries(outcomes).map(([title, { answer }]) => [title, answer]));
}

/** The same answer for every kind, except where said. The process itself is healthy throughout. */
export function everyKind(answer: string, except: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all = REQUEST_KINDS.map(({ title }) => [title, answer] as const);
  return { ...Object.fromEntries(all), '/health': GOOD, '/ready': GOOD, ...except };
}

export function slowestMs(outcomes: Outcomes): number {
  return Math.max(...Object.values(outcomes).map(({ ms }) => ms));
}
