import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/package-root.ts';

type Message = Record<string, unknown>;

/** A running cluster-program.ts and what it says, line by line. */
class Program {
  readonly child: ChildProcess;
  readonly #messages: AsyncIterator<string>;

  constructor(mode = '') {
    const support = join(packageRoot(), 'test/support');
    const args = ['--import', join(support, 'run-typescript.mjs'), join(support, 'cluster-program.ts'), mode];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', mode === 'fail' ? 'ignore' : 'inherit'] });
    if (this.child.stdout === null) throw new Error('no standard output');
    this.#messages = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  /** The next message that has this property; those in between are skipped. */
  async next(property: string): Promise<Message> {
    for (;;) {
      const { value, done } = await this.#messages.next();
      if (done) throw new Error(`the program ended without ${property}`);
      const message = JSON.parse(value) as Message;
      if (property in message) return message;
    }
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

describe('the gateway in several processes', () => {
  let program: Program;

  afterEach(async () => {
    program.child.kill('SIGKILL');
    await program.ended();
  });

  it('does not start when a worker cannot', async () => {
    program = new Program('fail');
    expect(await program.ended()).toBe(1);
  });

  it('kills at the second signal what does not drain at the first', async () => {
    program = new Program('stubborn');
    const workers = [(await program.next('listening')).listening, (await program.next('listening')).listening];
    await program.next('port');
    program.child.kill('SIGINT');
    program.child.kill('SIGTERM');
    expect(await program.ended()).toBe(130);
    for (const pid of workers) await gone(Number(pid));
  });

  it('serves on one port, tells workers what the primary knows, and leaves nobody behind at SIGTERM', async () => {
    program = new Program();
    const workers = [(await program.next('listening')).listening, (await program.next('listening')).listening];
    const { port } = await program.next('port');
    const [pid, ...greeting] = (await get(Number(port), '/')).split(' ');
    expect(workers).toContain(Number(pid));
    expect(greeting.join(' ')).toBe('told by the primary');
    program.child.kill('SIGTERM');
    await program.next('stopped');
    expect(await program.ended()).toBe(0);
    for (const worker of workers) await gone(Number(worker));
  });

  it('replaces a worker that dies', async () => {
    program = new Program();
    const first = (await program.next('listening')).listening;
    const { port } = await program.next('port');
    process.kill(Number(first), 'SIGKILL');
    expect(await program.next('death')).toEqual({ death: { pid: first, reason: 'SIGKILL', restartInMs: 100 } });
    expect((await program.next('listening')).listening).not.toBe(first);
    expect(await get(Number(port), '/')).toContain('told by the primary');
  });

  it('gives the metrics of all workers, whichever is asked', async () => {
    program = new Program();
    const { port } = await program.next('port');
    const answers = await Promise.all([1, 2, 3].map(() => get(Number(port), '/metrics')));
    expect(new Set(answers)).toEqual(new Set(['metrics of 2 workers']));
  });
});

async function get(port: number, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).text();
}

/** Resolves when no process has this id any more; the test's own time limit ends the wait. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise(resolve => setImmediate(resolve));
  }
}
