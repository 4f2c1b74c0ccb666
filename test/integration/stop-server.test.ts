/** Ending a server that does not end as asked. The programs here stand in for Postgres in its worst states. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { isAlive } from '../../src/embedded/cluster-folder.ts';
import { stopServer } from '../../src/embedded/server-process.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Resolves with what the shell prints first. */
async function startShell(script: string): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [chunk] = await once(child.stdout, 'data');
  return { child, line: String(chunk).trim() };
}

describe('a server', () => {
  it('that ignores every request to end is ended by the kernel', async () => {
    const { child } = await startShell("trap '' INT QUIT; echo ready; while :; do sleep 0.05; done");
    const ended = once(child, 'exit');
    await stopServer(child.pid ?? 0, 50);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('that has ended and whose parent never asks how is over', async () => {
    const { line } = await startShell('sleep 0 & echo $!; exec sleep 60');
    await stopServer(Number(line), 500);
    expect(isAlive(Number(line))).toBe(process.platform !== 'linux');
  });
});
