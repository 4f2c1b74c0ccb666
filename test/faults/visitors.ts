/**
 * Traffic beside the accounts of traffic.ts, in a bucket of its own: every operation of the bucket API, and visitors who
 * give up, send nonsense, or take their time. What they are told is of no interest, only that it is no error of the server.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SERVICE_TOKEN, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import { type Got, send } from './door.ts';
import type { Random } from './traffic.ts';

const token = SERVICE_TOKEN;
const NAMES = 6;
const LARGE_BYTES = 3 * 1024 * 1024;
const LARGE = 'large';
/** Between two pieces of a slow transfer. */
const SLOW_MS = 15;

type Act = (visitor: Visitor) => Promise<unknown>;

export class Visitor {
  /** Replies that no client may ever cause. */
  readonly errors: string[] = [];
  /** How often each act was done. */
  readonly done: Record<string, number> = {};
  readonly #url: string;
  readonly #random: Random;
  readonly #bucket: string;

  constructor(options: { url: string; random: Random; number: number }) {
    this.#url = options.url;
    this.#random = options.random;
    this.#bucket = `visitor-${options.number}`;
  }

  get bucket(): string {
    return this.#bucket;
  }

  /** Every act once, so that what is made at the first use of anything is there. */
  async doEverything(): Promise<void> {
    await this.open();
    for (const act of Object.values(ACTS)) await act(this);
  }

  /** Gives up nothing in mid-act: what is under way when the signal comes is finished. */
  async runUntil(signal: AbortSignal): Promise<void> {
    const names = Object.keys(ACTS);
    await this.open();
    while (!signal.aborted) {
      const name = names[Math.floor(this.#random() * names.length)] ?? '';
      await ACTS[name]?.(this);
      this.done[name] = (this.done[name] ?? 0) + 1;
    }
  }

  async open(): Promise<void> {
    await this.ask('POST', '/bucket', { json: { name: this.#bucket, public: true } });
    await this.ask('POST', `/object/${this.#bucket}/${LARGE}`, {
      body: new Uint8Array(LARGE_BYTES),
      headers: { 'x-upsert': 'true' },
    });
  }

  name(): string {
    return `folder/name-${Math.floor(this.#random() * NAMES)}`;
  }

  body(mostBytes = 20_000): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Math.floor(this.#random() * mostBytes) + 1).fill(97);
  }

  /** How soon to give up. */
  afterMs(): number {
    return Math.floor(this.#random() * 30);
  }

  async ask(method: string, path: string, sent: Partial<Parameters<typeof send>[3]> = {}): Promise<Got> {
    const got = await send(this.#url, method, path, { token, ...sent });
    if (got.status >= 500) this.errors.push(`${method} ${path}: ${got.status} ${got.bytes.toString()}`);
    return got;
  }

  /** Asks, and hangs up in the middle. */
  async giveUp(method: string, path: string, body?: ReadableStream<Uint8Array>): Promise<void> {
    await this.ask(method, path, {
      signal: AbortSignal.timeout(this.afterMs()),
      headers: { 'x-upsert': 'true' },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Reads a piece at a time, and perhaps not to the end. */
  async readSlowly(path: string): Promise<void> {
    const reply = await fetch(this.#url + path, { headers: { authorization: `Bearer ${token}` } }).catch(() => null);
    const reader = reply?.body?.getReader();
    for (let pieces = Math.floor(this.#random() * 12); reader !== undefined && pieces > 0; pieces -= 1) {
      if ((await reader.read()).done) return;
      await delay(SLOW_MS);
    }
    await reader?.cancel().catch(() => {});
  }
}

/** A body that comes a little at a time. */
function slowBody(pieces: number): ReadableStream<Uint8Array> {
  let left = pieces;
  return new ReadableStream({
    async pull(controller) {
      await delay(SLOW_MS);
      left -= 1;
      if (left < 0) controller.close();
      else controller.enqueue(new Uint8Array(2_000));
    },
  });
}

function form(fields: Readonly<Record<string, string>>, bytes: Uint8Array<ArrayBuffer>) {
  const boundary = 'visitor';
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n`;
  const whole = Buffer.concat([Buffer.from(parts.join('') + file), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return {
    body: new Uint8Array(whole),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'x-upsert': 'true' },
  };
}

const linkIn = ({ bytes }: Got, key: 'signedURL' | 'url'): string =>
  String((JSON.parse(bytes.toString() || '{}') as Record<string, unknown>)[key] ?? '/none');

const ACTS: Readonly<Record<string, Act>> = {
  upload: v =>
    v.ask('POST', `/object/${v.bucket}/${v.name()}`, { body: v.body(), headers: { 'x-metadata': 'eyJhIjoxfQ==' } }),
  replace: v => v.ask('PUT', `/object/${v.bucket}/${v.name()}`, { body: v.body() }),
  form: v => v.ask('POST', `/object/${v.bucket}/${v.name()}`, form({ cacheControl: '60' }, v.body())),
  parts: v => v.ask('PUT', `/object/${v.bucket}/${v.name()}`, { body: slowBody(4) }),
  get: v => v.ask('GET', `/object/${v.bucket}/${v.name()}`),
  public: v => v.ask('GET', `/object/public/${v.bucket}/${v.name()}`),
  range: v => v.ask('GET', `/object/public/${v.bucket}/${LARGE}`, { headers: { range: 'bytes=100-2099' } }),
  conditional: v => v.ask('GET', `/object/public/${v.bucket}/${LARGE}`, { headers: { 'if-none-match': '*' } }),
  head: v => v.ask('HEAD', `/object/${v.bucket}/${v.name()}`),
  info: v => v.ask('GET', `/object/info/${v.bucket}/${v.name()}`),
  list: v => v.ask('POST', `/object/list/${v.bucket}`, { json: { prefix: 'folder', limit: 10 } }),
  listV2: v => v.ask('POST', `/object/list-v2/${v.bucket}`, { json: { limit: 3, with_delimiter: true } }),
  buckets: v => v.ask('GET', '/bucket'),
  remove: v => v.ask('DELETE', `/object/${v.bucket}/${v.name()}`),
  removeMany: v => v.ask('DELETE', `/object/${v.bucket}`, { json: { prefixes: [v.name(), v.name(), 'none'] } }),
  move: v =>
    v.ask('POST', '/object/move', { json: { bucketId: v.bucket, sourceKey: v.name(), destinationKey: v.name() } }),
  copy: v =>
    v.ask('POST', '/object/copy', {
      json: { bucketId: v.bucket, sourceKey: v.name(), destinationKey: v.name() },
      headers: { 'x-upsert': 'true' },
    }),
  link: async v => {
    const signed = await v.ask('POST', `/object/sign/${v.bucket}/${v.name()}`, { json: { expiresIn: 60 } });
    await v.ask('GET', linkIn(signed, 'signedURL'));
  },
  links: v =>
    v.ask('POST', `/object/sign/${v.bucket}`, { json: { expiresIn: 60, paths: [v.name(), v.name(), 'none'] } }),
  revoke: v => v.ask('DELETE', `/object/sign/${v.bucket}/${v.name()}`),
  uploadLink: async v => {
    const signed = await v.ask('POST', `/object/upload/sign/${v.bucket}/${v.name()}`, {
      json: {},
      headers: { 'x-upsert': 'true' },
    });
    await v.ask('PUT', linkIn(signed, 'url'), { body: v.body() });
  },
  bucket: async v => {
    const json = { name: `${v.bucket}-passing` };
    await v.ask('POST', '/bucket', { json });
    await v.ask('PUT', `/bucket/${json.name}`, { json: { public: true } });
    await v.ask('POST', `/object/${json.name}/one`, { body: v.body() });
    await v.ask('POST', `/bucket/${json.name}/empty`);
    await v.ask('DELETE', `/bucket/${json.name}`);
  },
  abandonedUpload: v => v.giveUp('PUT', `/object/${v.bucket}/${v.name()}`, slowBody(20)),
  abandonedDownload: v => v.giveUp('GET', `/object/${v.bucket}/${LARGE}`),
  abandonedListing: v => v.giveUp('GET', '/bucket'),
  slowReader: v => v.readSlowly(`/object/${v.bucket}/${LARGE}`),
  badJson: v =>
    v.ask('POST', '/bucket', {
      body: new TextEncoder().encode('{"name":'),
      headers: { 'content-type': 'application/json' },
    }),
  badForm: v =>
    v.ask('POST', `/object/${v.bucket}/${v.name()}`, {
      body: v.body(),
      headers: { 'content-type': 'multipart/form-data; boundary=none' },
    }),
  badName: v => v.ask('POST', `/object/${v.bucket}/${'x'.repeat(1025)}`, { body: v.body() }),
  badToken: v => v.ask('GET', `/object/authenticated/${v.bucket}/${v.name()}`, { token: `${token}x` }),
  stranger: v =>
    v.ask('POST', `/object/${v.bucket}/${v.name()}`, { token: tokenFor('authenticated', ALICE), body: v.body() }),
  nowhere: v => v.ask('GET', '/no/such/route'),
};
