/** Asks the rows of a policy table through HTTP, and says the answers in wire terms. */
import { posix } from 'node:path';
import { type Gateway, tokenFor } from '../support/gateway.ts';
import { bucketIn, CLAIMS, objectIn, type PolicyTable, type Row, SUBJECTS, type Verdict } from './policy-table.ts';
import { seededText } from './seeded-world.ts';

/** True status and code in the body; the HTTP status is 400 for all of these. */
const WIRE: Readonly<Partial<Record<Verdict, string>>> = {
  'access-denied': '403 AccessDenied',
  'delete-denied': '403 AccessDenied',
  'object-not-found': '404 NoSuchKey',
  'bucket-not-found': '404 NoSuchBucket',
  'object-exists': '409 KeyAlreadyExists',
  'bucket-exists': '409 BucketAlreadyExists',
  'bucket-not-empty': '409 ResourceNotEmpty',
  'too-large': '413 EntityTooLarge',
  'mime-type-not-allowed': '415 InvalidMimeType',
};

/** What the wire must say for a row: `allowed`, `left-out`, or HTTP status, true status and code. */
export function wireVerdict({ does, verdict }: Row): string {
  if (verdict === 'allowed' || verdict === 'left-out') return verdict;
  if (does === 'heads') return 'HTTP 400';
  if (does === 'enters') return 'HTTP 401';
  if (does === 'views') return 'HTTP 404';
  const moves = does.startsWith('moves') && verdict === 'object-exists';
  return `HTTP 400: ${moves ? '409 ResourceAlreadyExists' : WIRE[verdict]}`;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  json(): unknown;
}

/** What the wire says to a row. */
export async function askOverHttp(gateway: Gateway, table: PolicyTable, row: Row): Promise<string> {
  const asking = new Asking(gateway, table, row);
  return asking.answer();
}

class Asking {
  readonly #gateway: Gateway;
  readonly #table: PolicyTable;
  readonly #row: Row;
  readonly #token: string;

  constructor(gateway: Gateway, table: PolicyTable, row: Row) {
    this.#gateway = gateway;
    this.#table = table;
    this.#row = row;
    const { who } = row;
    const role = new Map<string, string>([
      ['anon', 'anon'],
      ['service', 'service_role'],
    ]);
    this.#token = tokenFor(role.get(who) ?? 'authenticated', SUBJECTS[who] ?? undefined, CLAIMS[who]);
  }

  answer(): Promise<string> {
    const ask = this.#questions[this.#row.does];
    if (ask === undefined) throw new Error(`nothing asks what "${this.#row.does}" says`);
    return ask();
  }

  get #bucket(): string {
    return bucketIn(this.#table, this.#row.what).id;
  }

  get #object() {
    return objectIn(this.#table, this.#row.what);
  }

  get #path(): string {
    const { bucket, name } = this.#object;
    return `${bucket}/${name.split('/').map(encodeURIComponent).join('/')}`;
  }

  readonly #questions: Readonly<Record<string, () => Promise<string>>> = {
    uploads: () => this.#upload('POST', {}),
    upserts: () => this.#upload('POST', { 'x-upsert': 'true' }),
    replaces: () => this.#upload('PUT', {}),
    downloads: async () => {
      const reply = await this.#send('GET', `/object/${this.#path}`);
      return this.#verdict(reply, reply.text === seededText(this.#row.what));
    },
    heads: async () => {
      const reply = await this.#send('HEAD', `/object/${this.#path}`);
      return reply.status === 200 ? 'allowed' : `HTTP ${reply.status}`;
    },
    inspects: async () => this.#verdict(await this.#send('GET', `/object/info/${this.#path}`)),
    views: async () => {
      const { name } = this.#object;
      const reply = await this.#send('GET', `/u/${encodeURIComponent(name)}`);
      return reply.text === seededText(this.#row.what) ? 'allowed' : `HTTP ${reply.status}`;
    },
    lists: async () => {
      const { bucket, name } = this.#object;
      const folder = posix.dirname(name);
      const reply = await this.#json('POST', `/object/list/${bucket}`, { prefix: folder === '.' ? '' : folder });
      return this.#verdict(reply, () => includes(reply.json(), entry => entry.name === posix.basename(name)));
    },
    'pages to': async () => {
      const { bucket, name } = this.#object;
      const reply = await this.#json('POST', `/object/list-v2/${bucket}`, { prefix: '' });
      const { objects } = (reply.status === 200 ? reply.json() : {}) as { objects?: unknown };
      return this.#verdict(reply, () => includes(objects, entry => entry.name === name));
    },
    signs: async () => {
      const reply = await this.#json('POST', `/object/sign/${this.#path}`, { expiresIn: 60 });
      if (reply.status !== 200) return this.#verdict(reply);
      return this.#follow((reply.json() as { signedURL: string }).signedURL);
    },
    'signs among others': async () => {
      const { bucket, name } = this.#object;
      const reply = await this.#json('POST', `/object/sign/${bucket}`, { expiresIn: 60, paths: ['no such', name] });
      if (reply.status !== 200) return this.#verdict(reply);
      const [absent, signed] = reply.json() as { signedURL: string | null }[];
      if (absent?.signedURL !== null) return 'signed what does not exist';
      return typeof signed?.signedURL === 'string' ? this.#follow(signed.signedURL) : 'left-out';
    },
    'asks for an upload link to': async () =>
      this.#verdict(await this.#json('POST', `/object/upload/sign/${this.#path}`, {})),
    deletes: async () => this.#verdict(await this.#send('DELETE', `/object/${this.#path}`)),
    'deletes among others': async () => {
      const { bucket, name } = this.#object;
      const reply = await this.#json('DELETE', `/object/${bucket}`, { prefixes: ['no such', name] });
      return this.#verdict(reply, () => includes(reply.json(), entry => entry.name === name));
    },
    moves: () => this.#relocate('/object/move'),
    'moves across buckets': () => this.#relocate('/object/move'),
    copies: () => this.#relocate('/object/copy'),
    enters: async () => {
      const { status } = await this.#send('GET', `/storage/${this.#object.name}`);
      return status === 200 ? 'allowed' : `HTTP ${status}`;
    },
    'revokes links to': async () => this.#verdict(await this.#send('DELETE', `/object/sign/${this.#path}`)),
    'revokes all links into': async () => this.#verdict(await this.#send('DELETE', `/object/sign/${this.#bucket}`)),
    creates: async () => this.#verdict(await this.#json('POST', '/bucket', { name: this.#bucket })),
    reads: async () => this.#verdict(await this.#send('GET', `/bucket/${this.#bucket}`)),
    'finds among all buckets': async () => {
      const reply = await this.#send('GET', '/bucket');
      return this.#verdict(reply, () => includes(reply.json(), entry => entry.id === this.#bucket));
    },
    updates: async () => this.#verdict(await this.#json('PUT', `/bucket/${this.#bucket}`, { file_size_limit: 77 })),
    empties: async () => this.#verdict(await this.#json('POST', `/bucket/${this.#bucket}/empty`, {})),
    removes: async () => this.#verdict(await this.#send('DELETE', `/bucket/${this.#bucket}`)),
  };

  async #upload(method: string, headers: Record<string, string>): Promise<string> {
    const sent = { 'content-type': 'text/plain', ...headers };
    return this.#verdict(await this.#send(method, `/object/${this.#path}`, sent, 'new bytes'));
  }

  async #relocate(path: string): Promise<string> {
    const target = objectIn(this.#table, this.#row.to);
    const { bucket, name } = this.#object;
    return this.#verdict(
      await this.#json('POST', path, {
        bucketId: bucket,
        sourceKey: name,
        destinationBucket: target.bucket,
        destinationKey: target.name,
      }),
    );
  }

  /** A link must work for somebody without any login. */
  async #follow(signedUrl: string): Promise<string> {
    const reply = await fetch(`${this.#gateway.url}${encodeURI(signedUrl)}`);
    const text = await reply.text();
    return text === seededText(this.#row.what) ? 'allowed' : `a link that gives ${reply.status} ${text}`;
  }

  #json(method: string, path: string, body: unknown): Promise<Reply> {
    return this.#send(method, path, { 'content-type': 'application/json' }, JSON.stringify(body));
  }

  async #send(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> {
    const reply = await fetch(`${this.#gateway.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await reply.text();
    return { status: reply.status, text, json: () => JSON.parse(text) };
  }

  #verdict(reply: Reply, told: boolean | (() => boolean) = true): string {
    if (reply.status === 200) return (typeof told === 'boolean' ? told : told()) ? 'allowed' : 'left-out';
    const { statusCode, code } = reply.json() as { statusCode: string; code: string };
    return `HTTP ${reply.status}: ${statusCode} ${code}`;
  }
}

function includes(entries: unknown, matches: (entry: Record<string, unknown>) => boolean): boolean {
  return (entries as Record<string, unknown>[]).some(matches);
}
