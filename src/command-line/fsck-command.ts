/** `sluice fsck`: compares rows, ledger and bytes, and says what does not agree. Exit code 0 when clean, 1 with findings. */
import { Command } from 'commander';
import type { FsckOptions, FsckReport } from '../sweeper/fsck-report.ts';
import { type Output, printResult } from './output.ts';
import { type OnProgress, withProgress } from './progress.ts';

export interface FsckCommandParts {
  readonly output: Output;
  readonly fsck: (options: FsckOptions, onProgress: OnProgress) => Promise<FsckReport>;
  readonly setExitCode: (code: number) => void;
}

export function makeFsckCommand({ output, fsck, setExitCode }: FsckCommandParts): Command {
  return new Command('fsck')
    .description('check that rows, ledger and bytes agree; exit code 1 with findings')
    .option('--repair', 'mend what can be mended; bytes that nobody knows are handed to the sweeper', false)
    .option('--rebuild', 'remake lost rows from what is stored beside the bytes', false)
    .option('--verify', 'read every byte and compare it with its MD5', false)
    .option('--json', 'print JSON', false)
    .action(async ({ json, ...options }: FsckOptions & { json: boolean }) => {
      const report = await withProgress(output, onProgress => fsck(options, onProgress));
      printResult(output, { json, value: report, text: renderReport(report) });
      if (report.findings.length > 0) setExitCode(1);
    });
}

function renderReport({ checked, findings, omitted, counts }: FsckReport): string {
  const lines = findings.map(({ kind, message, repaired }) => `${kind}: ${message}${repaired ? ' (repaired)' : ''}`);
  const sums = Object.entries(counts).map(([kind, { found, repaired }]) => `${kind}: ${found}, ${repaired} repaired`);
  const rest = omitted === 0 ? [] : [`… and ${omitted} more. In all:`, ...sums];
  const total = findings.length + omitted;
  const verdict = total === 0 ? 'Everything agrees' : `${total} finding${total === 1 ? '' : 's'}`;
  return [...lines, ...rest, `${verdict}: ${checked.rows} rows and ${checked.blobs} blobs were checked.`].join('\n');
}
