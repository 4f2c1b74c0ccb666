/**
 * The bare server: beside the gateway in the same run, it tells what Node itself takes for the same steps on this machine.
 * Presigned paths of the store are served by it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GatewayProcess } from './gateway-process.ts';
import { forgetPeak } from './process-usage.ts';

export async function startBareServer(engines: { storePort: string; databaseUrl: string }): Promise<GatewayProcess> {
  const program = fileURLToPath(new URL('bare-server.mjs', import.meta.url));
  const child = fork(program, [engines.storePort, engines.databaseUrl], { execArgv: [] });
  const end = once(child, 'exit');
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const pid = child.pid ?? 0;
  const stop = async () => {
    child.disconnect();
    await end;
  };
  return { url: `http://127.0.0.1:${port}`, pid, forgetPeak: () => forgetPeak(pid), stop };
}
