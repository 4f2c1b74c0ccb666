/** The file driver beside the static server that is its limit: an nginx that sends the very same files. */
import { findNginx, type Nginx, startNginx } from '../../support/nginx.ts';
import type { Cpu } from './alternate.ts';
import { cpuMicrosOf } from './process-usage.ts';
import { type Beside, ON_DISK, type Stack } from './stack.ts';

export interface Disk {
  readonly gateway: Beside['gateway'];
  readonly nginx: Nginx;
  /** With nginx as the store. */
  cpuMicros(): Cpu;
  /** Where nginx has the bytes of this object. */
  filePath(bucket: string, name: string): Promise<string>;
}

/** Null where there is no nginx, with a line that says so. Nginx must be stopped by the caller. */
export async function startDisk(stack: Stack): Promise<Disk | null> {
  const binary = findNginx();
  if (binary === null) {
    process.stdout.write('There is no nginx to compare the local disk with: apt-get install nginx-light\n');
    return null;
  }
  const { gateway, blobsFolder, cpuMicros } = await stack.beside(ON_DISK);
  const nginx = await startNginx(binary, `keepalive_requests 1000000; location / { root ${blobsFolder}; }`);
  return {
    gateway,
    nginx,
    cpuMicros: () => ({ ...cpuMicros(), store: cpuMicrosOf(nginx.pid) }),
    async filePath(bucket, name) {
      const rows = await stack.sql('select version from storage.objects where bucket_id = $1 and name = $2', [
        bucket,
        name,
      ]);
      const version = String(rows[0]?.version);
      return `/${version.slice(0, 2)}/${version}`;
    },
  };
}
