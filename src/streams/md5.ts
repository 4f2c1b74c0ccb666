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

interface Thread {
  readonly worker: Worker;
  /** Null before it is needed. */
  scratch: Buffer | null;
  /** The end of the line for it. */
  scratchIsFree: Promise<unknown>;
  /** It answers in the order it was asked. */
  readonly questions: Question[];
  /** Why it answers no more. */
  end: Error | null;
}

/** Starts nothing before the first hash; after a failure of the thread the next hash begins another. */
export function makeMd5Thread(): Md5Thread {
  let current: Thread | null = null;
  let lastId = 0;

  function start(): Thread {
    const worker = new Worker(PROGRAM, { eval: true, execArgv: [], env: {} });
    const thread: Thread = { worker, scratch: null, scratchIsFree: Promise.resolve(), questions: [], end: null };
    worker.unref();
    worker.on('message', (answer: string | null) => {
      thread.questions.shift()?.resolve(answer);
      if (thread.questions.length === 0) worker.unref();
    });
    const fail = (error: Error) => {
      thread.end ??= error;
      if (current === thread) current = null;
      for (const { reject } of thread.questions.splice(0)) reject(error);
    };
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error('the thread that hashes has ended')));
    return thread;
  }

  function ask({ worker, questions, end }: Thread, id: number, bytes: Buffer | null): Promise<string | null> {
    return new Promise((resolve, reject) => {
      if (end !== null) {
        reject(end);
        return;
      }
      questions.push({ resolve, reject });
      worker.ref();
      worker.postMessage({ id, bytes, isLast: bytes === null });
    });
  }

  /** One at a time: there is but one scratch. */
  function hashCopies(thread: Thread, id: number, pieces: readonly Buffer[]): Promise<void> {
    const turn = thread.scratchIsFree.then(async () => {
      thread.scratch ??= Buffer.from(new SharedArrayBuffer(SCRATCH_BYTES));
      const { scratch } = thread;
      let length = 0;
      for (const piece of pieces) {
        for (let offset = 0; offset < piece.length; ) {
          const part = piece.subarray(offset, offset + SCRATCH_BYTES - length);
          scratch.fill(part, length, length + part.length); // Faster than `copy`, where memory is shared.
          offset += part.length;
          length += part.length;
          if (length < SCRATCH_BYTES) continue;
          await ask(thread, id, scratch);
          length = 0;
        }
      }
      if (length > 0) await ask(thread, id, scratch.subarray(0, length));
    });
    thread.scratchIsFree = turn.catch(() => {}); // Whoever waits for this turn hears of it.
    return turn;
  }

  return {
    begin() {
      current ??= start();
      const thread = current;
      const id = ++lastId;
      let last: Promise<unknown> = Promise.resolve();
      const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
        const turn = last.then(work);
        last = turn;
        turn.catch(() => {}); // As above; and those behind it fail with it.
        return turn;
      };
      return {
        update: (...pieces) =>
          inTurn(async () => {
            const [only] = pieces;
            const isShared = pieces.length === 1 && only?.buffer instanceof SharedArrayBuffer;
            if (isShared) await ask(thread, id, only);
            else await hashCopies(thread, id, pieces);
          }),
        digest: () => inTurn(async () => (await ask(thread, id, null)) ?? ''),
        drop: () => thread.worker.postMessage({ id, bytes: null, isLast: false }),
      };
    },
    async close() {
      await current?.worker.terminate();
    },
  };
}
