/** Clients that write, read and remove without pause, each on names of its own, until they are told to stop. */
import { setTimeout as delay } from 'node:timers/promises';
import { SERVICE_TOKEN } from '../support/gateway.ts';
import { Account } from './account.ts';
import { send } from './door.ts';

export type Random = () => number;

/** Numbers from 0 to 1 that the seed decides (mulberry32). */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const NAMES_EACH = 5;
const token = SERVICE_TOKEN;
/** Where nobody answers, asking at once again would only heat the machine. */
const PAUSE_MS = 100;

export class Client {
  readonly account = new Account();
  readonly #url: string;
  readonly #random: Random;
  readonly #names: string[];
  #written = 0;

  constructor(options: { url: string; random: Random; number: number }) {
    this.#url = options.url;
    this.#random = options.random;
    this.#names = Array.from({ length: NAMES_EACH }, (_, n) => `client-${options.number}/${n}`);
  }

  async runUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const unknown = this.account.counts.unknown;
      await this.#act();
      if (this.account.counts.unknown > unknown) await delay(PAUSE_MS);
    }
  }

  async readAll(): Promise<void> {
    for (const name of this.#names) await this.#read(name);
  }

  #act(): Promise<void> {
    const [name, other] = [this.#any(), this.#any()];
    const chance = this.#random();
    if (chance < 0.35) return this.#put(name, true);
    if (chance < 0.45) return this.#put(name, false);
    if (chance < 0.6) return this.#remove(name);
    if (chance < 0.7 && name !== other) return this.#relocate('copy', name, other);
    if (chance < 0.75 && name !== other) return this.#relocate('move', name, other);
    return this.#read(name);
  }

  #any(): string {
    return this.#names[Math.floor(this.#random() * this.#names.length)] ?? '';
  }

  /** No two bodies are the same. Most are small; a few are longer than one part of the S3 driver. */
  #body(): Buffer {
    this.#written += 1;
    const chance = this.#random();
    const sizeBytes = chance < 0.04 ? 9 * 1024 * 1024 : Math.floor(this.#random() * (chance < 0.3 ? 400_000 : 5_000));
    const head = `${this.#names[0]} body ${this.#written}, ${this.#random()}: `;
    return Buffer.alloc(head.length + sizeBytes, head);
  }

  async #put(name: string, overwrites: boolean): Promise<void> {
    const bytes = this.#body();
    const headers = { 'x-upsert': String(overwrites) };
    const got = await send(this.#url, 'POST', `/object/b/${name}`, { token, body: new Uint8Array(bytes), headers });
    this.account.stored(name, bytes, { got, overwrites });
  }

  async #remove(name: string): Promise<void> {
    this.account.removed(name, await send(this.#url, 'DELETE', `/object/b/${name}`, { token }));
  }

  async #relocate(verb: 'copy' | 'move', source: string, name: string): Promise<void> {
    const json = { bucketId: 'b', sourceKey: source, destinationKey: name };
    const headers = { 'x-upsert': 'true' };
    const got = await send(this.#url, 'POST', `/object/${verb}`, { token, json, headers });
    if (verb === 'copy') this.account.copied(source, name, got);
    else this.account.moved(source, name, got);
  }

  async #read(name: string): Promise<void> {
    this.account.read(name, await send(this.#url, 'GET', `/object/authenticated/b/${name}`, { token }));
  }
}
