/** One request of every kind, each on names of its own, and what became of it, in words that fit into a table. */
import { Readable } from 'node:stream';
import { addPeople, PASSWORD } from '../support/accounts.ts';
import { type Call, type CallReply, makeCall } from '../support/call.ts';
import { type Gateway, SERVICE_TOKEN } from '../support/gateway.ts';
import { until } from '../support/until.ts';

export interface RequestKind {
  readonly title: string;
  /** Whether it moves bytes, and so needs the store. */
  readonly movesBytes: boolean;
  /** Objects that must be there before, by bucket and name: what it reads, removes or moves. */
  readonly needs: readonly string[];
  /** What it is told while what it needs is away, in the words of its API; `AWAY` unless said. */
  readonly away?: string;
  /** `session` is the token of one of Alice's. */
  readonly send: (call: Call, folder: string, session: string) => Promise<CallReply>;
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

const BUCKET_KINDS: readonly RequestKind[] = [
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
    needs: ['b/{folder}/read'],
    send: (call, folder) => call('GET', `/object/authenticated/b/${folder}/read`, { token }),
  },
  {
    title: 'head',
    movesBytes: false,
    needs: ['b/{folder}/read'],
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
    needs: ['b/{folder}/read'],
    send: (call, folder) => call('POST', `/object/sign/b/${folder}/read`, { token, json: { expiresIn: 60 } }),
  },
  {
    title: 'removal',
    movesBytes: false,
    needs: ['b/{folder}/removed'],
    send: (call, folder) => call('DELETE', `/object/b/${folder}/removed`, { token }),
  },
  {
    title: 'move',
    movesBytes: false,
    needs: ['b/{folder}/moved'],
    send: (call, folder) =>
      call('POST', '/object/move', {
        token,
        json: { bucketId: 'b', sourceKey: `${folder}/moved`, destinationKey: `${folder}/elsewhere` },
      }),
  },
];

const TREE_AWAY = '503 The database or the object store is not reachable, try again shortly, again in 1 s';
const FOLDERS_AWAY = '503 the gateway cannot answer at the moment, try again shortly, again in 1 s';
const BACKEND_AWAY = '503 service unavailable, try again shortly, again in 1 s';
const FILES_AWAY = '503 SERVICE_UNAVAILABLE_ERROR, again in 1 s';

const file = (value: string) => [{ name: 'file', type: 'text/plain', value, fileName: 'a.txt' }];
const login = { username: 'alice', password: PASSWORD };

/** At the doors with accounts, in a session where there is a login. */
const DOOR_KINDS: readonly RequestKind[] = [
  {
    title: 'upload into the tree',
    movesBytes: true,
    needs: [],
    away: TREE_AWAY,
    send: (call, folder, session) => call('PUT', `/storage/alice/${folder}`, { token: session, form: file('leaf') }),
  },
  {
    title: 'listing of the tree',
    movesBytes: false,
    needs: [],
    away: TREE_AWAY,
    send: (call, _, session) => call('GET', '/storage/alice/', { token: session }),
  },
  {
    title: 'login at the tree',
    movesBytes: false,
    needs: [],
    away: TREE_AWAY,
    send: call => call('POST', '/auth/login', { json: login }),
  },
  {
    title: 'view of a file',
    movesBytes: true,
    needs: ['uploads/{folder}.txt'],
    away: FOLDERS_AWAY,
    send: (call, folder) => call('GET', `/u/${folder}.txt`),
  },
  {
    title: 'number of files',
    movesBytes: false,
    needs: [],
    away: FOLDERS_AWAY,
    send: (call, _, session) => call('GET', '/api/user/files?count=true', { token: session }),
  },
  {
    title: 'upload into a backend',
    movesBytes: true,
    needs: [],
    away: BACKEND_AWAY,
    send: (call, folder) => call('PUT', `/1/file/${folder}/new`, { token, body: 'a few bytes' }),
  },
  {
    title: 'listing of a backend',
    movesBytes: false,
    needs: ['backend-default/{folder}/read'],
    away: BACKEND_AWAY,
    send: (call, folder) => call('GET', `/1/file/${folder}`),
  },
  {
    title: 'upload of a file',
    movesBytes: true,
    needs: [],
    away: FILES_AWAY,
    send: (call, _, session) => call('POST', '/api/upload', { token: session, form: file('of mine') }),
  },
  {
    title: 'listing of files',
    movesBytes: false,
    needs: [],
    away: FILES_AWAY,
    send: (call, _, session) => call('GET', '/api/users/me/files', { token: session }),
  },
];

export const REQUEST_KINDS: readonly RequestKind[] = [...BUCKET_KINDS, ...DOOR_KINDS];

/** What a kind is told while what it needs is away. */
export function awayOf({ away = AWAY }: RequestKind): string {
  return away;
}

/** Settings of a gateway that is asked this much, and whose answers to logins are lost. */
export const KINDS_SETTINGS = { RATE_LIMITS: 'default=100000/1m,login=100000/1m' };

export const CHECKS = ['/health', '/ready'] as const;

function* pieces(): Generator<Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES, 'many bytes ');
  for (let sent = 0; sent < LARGE_BYTES; sent += PIECE_BYTES) yield piece;
}

function manyBytes(): Readable {
  return Readable.from(pieces());
}

/** The people with their rooms, a bucket, and what the requests of these folders need; gives the token of a session. */
export async function furnishFolders(
  { url, db }: Pick<Gateway, 'url' | 'db'>,
  folders: readonly string[],
): Promise<string> {
  const call = makeCall(url);
  const { alice } = await addPeople(db);
  await call('POST', '/bucket', { token, json: { name: 'b' } });
  const names = new Set(REQUEST_KINDS.flatMap(({ needs }) => needs));
  for (const name of names) {
    const path = (folder: string) => `/object/${name.replace('{folder}', folder)}`;
    const put = (folder: string) =>
      call('POST', path(folder), { token, headers: { 'x-upsert': 'true' }, body: `the bytes of ${name}` });
    // A busy machine may take longer than the gateway of a test is told to wait.
    await Promise.all(
      folders.map(folder => until(`an object in ${folder}`, async () => (await put(folder)).status === 200, 60_000)),
    );
  }
  return alice.token;
}

/** One request of every kind, and of what watches the gateway, all at once. */
export async function sendAllKinds(url: string, folder: string, session: string): Promise<Outcomes> {
  const call = makeCall(url);
  const checks = CHECKS.map(path => [path, () => call('GET', path)] as const);
  const requests = REQUEST_KINDS.map(({ title, send }) => [title, () => send(call, folder, session)] as const);
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
  const isHead = status !== 200 && text === '';
  const words =
    status === 200 || status === 201 ? '200' : `${status} ${isHead ? 'ServiceUnavailable' : errorIn(json, text)}`;
  return headers['retry-after'] === undefined ? words : `${words}, again in ${headers['retry-after']} s`;
}

/** What each family of errors calls the error: its code where that is a word, else its sentence. */
function errorIn(json: unknown, text: string): string {
  if (typeof json === 'string') return json;
  const { code, error } = (json ?? {}) as { code?: unknown; error?: unknown };
  if (typeof code === 'string') return code;
  if (typeof error === 'string') return error;
  return (error as { message?: string } | undefined)?.message ?? text;
}

/** The answers alone. */
export function answersOf(outcomes: Outcomes): Record<string, string> {
  return Object.fromEntries(Object.entries(outcomes).map(([title, { answer }]) => [title, answer]));
}

/** The same answer for every kind, in the words of its API, except where said. The process itself is healthy throughout. */
export function everyKind(
  answer: typeof GOOD | typeof AWAY,
  except: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const all = REQUEST_KINDS.map(kind => [kind.title, answer === AWAY ? awayOf(kind) : answer] as const);
  return { ...Object.fromEntries(all), '/health': GOOD, '/ready': GOOD, ...except };
}

export function slowestMs(outcomes: Outcomes): number {
  return Math.max(...Object.values(outcomes).map(({ ms }) => ms));
}
