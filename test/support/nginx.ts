/** A real nginx (Debian's package `nginx-light` will do) that runs a given `server` block in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface Nginx {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Where the binary is; null where there is none. */
export function findNginx(): string | null {
  return findProgram('nginx', ['/usr/sbin', '/usr/local/sbin']);
}

/** Resolves once it answers. `server` is what stands in the server block beside `listen`. */
export async function startNginx(binary: string, server: string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-nginx-'));
  await chmod(folder, 0o700);
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, `listen 127.0.0.1:${port};\n${server}`));
  const child = spawn(binary, ['-p', folder, '-c', 'nginx.conf', '-e', join(folder, 'error.log')], { stdio: 'ignore' });
  const end = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await end;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until('nginx that answers', async () => (await fetch(`http://127.0.0.1:${port}/`)) !== null, 10_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, pid: pidOf(child), stop };
}

/** Workers run as this user, because only the gateway's user may read its bytes. */
function configuration(folder: string, server: string): string {
  const user = userInfo().uid === 0 ? `user ${userInfo().username} ${userInfo().username};` : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${user}
daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  types {}
  default_type application/x-of-nginx;
  ${temporary.map(name => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  server {
    ${server}
  }
}
`;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('nginx did not start');
  return pid;
}
