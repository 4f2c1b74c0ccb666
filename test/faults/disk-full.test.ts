/** The disk of the file driver is full: a small tmpfs, mounted by the test, which therefore has to run as root. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCall } from '../support/call.ts';
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, startGateway } from '../support/gateway.ts';
import { expectAgreement, sweep, unfinishedUploads } from './agreement.ts';
import { answersOf, everyKind, furnishFolders, GOOD, outcomeOf, sendAllKinds } from './request-kinds.ts';

const run = promisify(execFile);
const token = SERVICE_TOKEN;
const FULL = '507 InsufficientStorage';
/** Room for one large upload of `request-kinds`, not for two. */
const DISK_BYTES = 16 * 1024 * 1024;

/** Null where this process may not mount; CI may. */
async function mountSmallDisk(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-small-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder]);
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (process.env.CI === 'true') throw error;
    process.stderr.write(`\nNO SMALL DISK, A FULL ONE IS NOT TESTED: ${String(error)}\n`);
    return null;
  }
}

async function unmount(folder: string): Promise<void> {
  await run('umount', ['--lazy', folder]);
  await rm(folder, { recursive: true, force: true });
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

describe('while the disk is full', () => {
  let disk: string | null = null;
  let gateway: Gateway;
  let session: string;

  beforeAll(async () => {
    disk = await mountSmallDisk();
    if (disk === null) return;
    gateway = await startGateway({ store: 'file', log: SILENT_LOG, env: { DATA_DIR: disk } });
    session = await furnishFolders(gateway, ['during', 'growing', 'after']);
  });
  afterAll(async () => {
    if (disk === null) return;
    await gateway.stop();
    await unmount(disk);
  });

  it('uploads are refused as such, everything else goes on, and room made is room used', async () => {
    if (disk === null) return; // said above, loudly
    const ballast = join(disk, 'ballast');
    await fill(ballast, await freeBytes(disk));
    expect(answersOf(await sendAllKinds(gateway.url, 'during', session))).toEqual(
      everyKind(GOOD, {
        upload: FULL,
        'form upload': FULL,
        'upload in parts': FULL,
        'upload into the tree': '507 The store has no space left',
        'upload into a backend': '507 the store has no space left',
        'upload of a file': '507 INSUFFICIENT_STORAGE_ERROR',
      }),
    );
    await rm(ballast);
    expect(answersOf(await sendAllKinds(gateway.url, 'after', session))).toEqual(everyKind(GOOD));
    await expectIntact();
  });

  it('an upload that fills it in mid-way is refused, and what it took is given back', async () => {
    if (disk === null) return;
    const call = makeCall(gateway.url);
    const before = await freeBytes(disk);
    const body = Buffer.alloc(before + 1);
    const upload = () => call('POST', '/object/b/growing/too-large', { token, body });
    expect((await outcomeOf(upload)).answer).toBe(FULL);
    await expectIntact();
    expect(await freeBytes(disk)).toBe(before);
  });

  async function expectIntact(): Promise<void> {
    await sweep(gateway);
    await expectAgreement(gateway);
    expect(await unfinishedUploads({ ...gateway, dataDir: disk ?? '' }, [])).toEqual([]);
  }
});

/** Writes until nothing more goes in. */
async function fill(path: string, sizeBytes: number): Promise<void> {
  await writeFile(path, Buffer.alloc(sizeBytes + 1)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC') throw error;
  });
}
