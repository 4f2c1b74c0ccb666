/**
 * `sluice fsck`: compares rows, ledger and bytes, and says what does not agree. Exit code 0 when clean, 1 with findings,
 * repaired or not, and 2 when the check could not be done to its end.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration, renderDuration } from '../config/quantities.ts';
import { DEFAULT_QUARANTINE_MS, type FsckOptions, type FsckReport } from '../sweeper/fsck-report.ts';
import { type Output, printResult } from './output.ts';
import { type OnProgress, withProgress } from './progress.ts';

export interface FsckCommandParts {
  readonly output: Output;
  readonly fsck: (options: FsckOptions, onProgress: OnProgress) => Promise<FsckReport>;
  readonly setExitCode: (code: number) => void;
}

const LONGEST_QUARANTINE_MS = 10 * 365 * 24 * 3_600_000;

type Arguments = Omit<FsckOptions, 'quarantineMs'> & { readonly json: boolean; readonly quarantine: number };

export function makeFsckCommand({ output, fsck, setExitCode }: FsckCommandParts): Command {
  return new Command('fsck')
    .description('check that rows, ledger and bytes agree; exit code 0 clean, 1 findings, 2 not checked to the end')
    .option('--repair', 'mend what can be mended; bytes that no row names go into quarantine', false)
    .option('--rebuild', 'remake lost rows from what is stored beside the bytes, in quarantine or not', false)
    .addOption(new Option('--purge', 'hand to the sweeper what lies in quarantine').default(false).conflicts('rebuild'))
    .option('--verify', 'read every byte and compare it with its MD5', false)
    .addOption(
      new Option('--quarantine <duration>', 'how long --repair keeps bytes that no row names')
        .default(DEFAULT_QUARANTINE_MS, renderDuration(DEFAULT_QUARANTINE_MS))
        .argParser(parseQuarantine),
    )
    .option('--json', 'print JSON', false)
    .action(async ({ json, quarantine, ...flags }: Arguments) => {
      const options = { ...flags, quarantineMs: quarantine };
      const report = await withProgress(output, onProgress => fsck(options, onProgress)).catch((error: unknown) => {
        setExitCode(2);
        throw error;
      });
      printResult(output, { json, value: report, text: renderReport(report) });
      if (report.findings.length > 0) setExitCode(1);
    });
}

function parseQuarantine(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === null || durationMs > LONGEST_QUARANTINE_MS) {
    throw new InvalidArgumentError('It takes a duration up to 3650d with its unit, such as 24h or 7d.');
  }
  return durationMs;
}

function renderReport({ checked, findings, omitted, counts, quarantine }: FsckReport): string {
  const lines = findings.map(({ kind, message, repaired }) => `${kind}: ${message}${repaired ? ' (repaired)' : ''}`);
  const sums = Object.entries(counts).map(([kind, { found, repaired }]) => `${kind}: ${found}, ${repaired} repaired`);
  const rest = omitted === 0 ? [] : [`… and ${omitted} more. In all:`, ...sums];
  const aside =
    quarantine.blobs === 0
      ? []
      : [
          `In quarantine: ${quarantine.blobs} blobs, ${quarantine.sizeBytes} bytes, the first until ` +
            `${quarantine.firstEndsAt}. --rebuild gives them rows again, --purge hands them to the sweeper now.`,
        ];
  const total = findings.length + omitted;
  const verdict = total === 0 ? 'Everything agrees' : `${total} finding${total === 1 ? '' : 's'}`;
  const sum = `${verdict}: ${checked.rows} rows and ${checked.blobs} blobs were checked.`;
  return [...lines, ...rest, ...aside, sum].join('\n');
}
