/** MinIO as a process of its own, and the keys that it is started with. Needs the binary; see minio.ts for where it comes from. */
import { type ChildProcess, spawn } from 'node:child_process';

export const ACCESS_KEY_ID = 'sluice-test';
export const SECRET_ACCESS_KEY = 'sluice-test-secret';

/** Not ready yet. */
export function spawnMinio(binary: string, place: { readonly data: string; readonly address: string }): ChildProcess {
  const { data, address } = place;
  return spawn(binary, ['server', data, '--quiet', '--address', address, '--console-address', '127.0.0.1:0'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      MINIO_ROOT_USER: ACCESS_KEY_ID,
      MINIO_ROOT_PASSWORD: SECRET_ACCESS_KEY,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
  });
}
