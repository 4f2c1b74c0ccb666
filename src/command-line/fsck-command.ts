/** `sluice fsck`: compares rows, ledger and bytes, and says what does not agree. Exit code 0 when clean, 1 with findings. */
import { Command } from 'commander';
import { type Output, printResult } from './output.ts';
import { type OnProgress, withProgress } from './progress.ts';

export interface FsckOptions {
  /** Mend what can be mended without losing anything. */
  readonly repair: boolean;
  /** Remake rows from the labels beside the bytes. */
  readonly rebuild: boolean;
  /** Read every byte and compare its MD5. */
  readonly verify: boolean;
}

export interface FsckFinding {
  /** A word for programs, such as `bytes-missing`. */
  readonly kind: string;
  /** A sentence for people that names the bucket, the object and the key. */
  readonly message: string;
  readonly repaired: boolean;
}

export interface FsckReport {
  readonly checked: { readonly rows: number; readonly blobs: number };
  readonly findings: readonly FsckFinding[];
}

export interface FsckCommandParts {
  readonly output: Output;
  readonly fsck: (options: FsckOptions, onProgress: OnProgress) => Promise<FsckReport>;
  readonly setExitCode: (code: number) => void;
}

export function makeFsckCommand({ output, fsck, setExitCode }: FsckCommandParts): Command {
  return new Command('fsck')
    .description('check that rows, ledger and bytes agree; exit code 1 with findings')
    .option('--repair', 'mend what can be mended without losing anything', false)
    .option('--rebuild', 'remake lost rows from what is stored beside the bytes', false)
    .option('--verify', 'read every byte and compare it with its MD5', false)
    .option('--json', 'print JSON', false)
    .action(async ({ json, ...options }: FsckOptions & { json: boolean }) => {
      const report = await withProgress(output, onProgress => fsck(options, onProgress));
      printResult(output, { json, value: report, text: renderReport(report) });
      if (report.findings.length > 0) setExitCode(1);
    });
}

function renderReport({ checked, findings }: FsckReport): string {
  const lines = findings.map(({ kind, message, repaired }) => `${kind}: ${message}${repaired ? ' (repaired)' : ''}`);
  const verdict =
    findings.length === 0 ? 'Everything agrees' : `${findings.length} finding${findings.length === 1 ? '' : 's'}`;
  return [...lines, `${verdict}: ${checked.rows} rows and ${checked.blobs} blobs were checked.`].join('\n');
}
