/**
 * MD5, here for a few bytes, and for many on a thread of its own: 1.5 ms of CPU a MiB would hold up every other request, and
 * no instruction makes it faster. Asking the thread costs some 50 µs. It begins with its first hash, and an idle one does
 * not keep the process.
 */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';

export interface Md5 {
  /** In the order of the calls. The bytes must not change until it resolves. */
  update(...pieces: readonly Buffer[]): Promise<void>;
  /** Once, at the end: 32 lower-case hex digits. */
  digest(): Promise<string>;
  /** Forgets a hash that nobody wants any more. Safe to call at any time. */
  drop(): void;
}

export interface Md5Thread {
  begin(): Md5;
  /** Hashes under way fail. Safe to call twice. */
  close(): Promise<void>;
}

/** Hashes at once. */
export function makeMd5(): Md5 {
  const hash = createHash('md5');
  return {
    update: async (...pieces) => {
      for (const piece of pieces) hash.update(piece);
    },
    digest: async () => hash.digest('hex'),
    drop() {},
  };
}

/** As text, because a thread loads its program by itself, and tests have no compiled files. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
const hashes = new Map();
parentPort.on('message', ({ id, bytes, isLast }) => {
  if (bytes !== null) {
    if (!hashes.has(id)) hashes.set(id, createHash('md5'));
    hashes.get(id).update(bytes);
    parentPort.postMessage(null);
    return;
  }
  const hash = hashes.get(id) ?? createHash('md5');
  hashes.delete(id);
  if (isLast) parentPort.postMessage(hash.digest('hex'));
});
`;

interface Question {
  readonly resolve: (answer: string | null) => void;
  readonly reject: (error: Error) => void;
}

/** What is not in shared memory passes through some. */
const SCRATCH_BYTES = 256 * 1024;

/** A thread, and those who wait for its answers: it gives them in the order it was asked. */
class HashingThread {
  readonly #worker = new Worker(PROGRAM, { eval: true, execArgv: [], env: {} });
  readonly #questions: Question[] = [];
  /** Null before it is needed. */
  #scratch: Buffer | null = null;
  /** The end of the line for it. */
  #scratchIsFree: Promise<unknown> = Promise.resolve();
  /** Why it answers no more. */
  #end: Error | null = null;

  constructor(onEnd: (thread: HashingThread) => void) {
    this.#worker.unref();
    this.#worker.on('message', (answer: string | null) => {
      this.#questions.shift()?.resolve(answer);
      if (this.#questions.length === 0) this.#worker.unref();
    });
    const fail = (error: Error) => {
      this.#end ??= error;
      onEnd(this);
      for (const { reject } of this.#questions.splice(0)) reject(error);
    };
    this.#worker.on('error', fail);
    this.#worker.on('exit', () => fail(new Error('the thread that hashes has ended')));
  }

  /** Adds bytes to a hash, or ends it (null) and answers with its digits. */
  ask(id: number, bytes: Buffer | null): Promise<string | null> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end);
        return;
      }
      this.#questions.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, bytes, isLast: bytes === null });
    });
  }

  /** One at a time: there is but one scratch. */
  askWithCopies(id: number, pieces: readonly Buffer[]): Promise<void> {
    const turn = this.#scratchIsFree.then(async () => {
      this.#scratch ??= Buffer.from(new SharedArrayBuffer(SCRATCH_BYTES));
      const scratch = this.#scratch;
      let length = 0;
      for (const piece of pieces) {
        for (let offset = 0; offset < piece.length; ) {
          const part = piece.subarray(offset, offset + SCRATCH_BYTES - length);
          scratch.fill(part, length, length + part.length); // Faster than `copy`, where memory is shared.
          offset += part.length;
          length += part.length;
          if (length < SCRATCH_BYTES) continue;
          await this.ask(id, scratch);
          length = 0;
        }
      }
      if (length > 0) await this.ask(id, scratch.subarray(0, length));
    });
    this.#scratchIsFree = turn.catch(() => {}); // Whoever waits for this turn hears of it.
    return turn;
  }

  forget(id: number): void {
    this.#worker.postMessage({ id, bytes: null, isLast: false });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

function beginHash(thread: HashingThread, id: number): Md5 {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn;
    turn.catch(() => {}); // Whoever asked hears of it, and those behind it fail with it.
    return turn;
  };
  return {
    update: (...pieces) =>
      inTurn(async () => {
        const [only] = pieces;
        const isShared = pieces.length === 1 && only?.buffer instanceof SharedArrayBuffer;
        if (isShared) await thread.ask(id, only);
        else await thread.askWithCopies(id, pieces);
      }),
    digest: () => inTurn(async () => (await thread.ask(id, null)) ?? ''),
    drop: () => thread.forget(id),
  };
}

/** Starts nothing before the first hash; after a failure of the thread the next hash begins another. */
export function makeMd5Thread(): Md5Thread {
  let current: HashingThread | null = null;
  let lastId = 0;
  return {
    begin() {
      current ??= new HashingThread(ended => {
        if (current === ended) current = null;
      });
      lastId += 1;
      return beginHash(current, lastId);
    },
    async close() {
      await current?.close();
    },
  };
}
