/** `sluice migrate`: brings the database to the state of this version without serving. */
import { Command } from 'commander';
import { type Output, printResult } from './output.ts';
import { type OnProgress, withProgress } from './progress.ts';

export interface MigrateCommandParts {
  readonly output: Output;
  /** Resolves with the files applied, in order. */
  readonly migrate: (onProgress: OnProgress) => Promise<{ readonly applied: readonly string[] }>;
}

export function makeMigrateCommand({ output, migrate }: MigrateCommandParts): Command {
  return new Command('migrate')
    .description('bring the database to the state that this version needs (serve does it too)')
    .option('--json', 'print JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const { applied } = await withProgress(output, migrate);
      const text =
        applied.length === 0 ? 'The database is up to date.' : applied.map(file => `applied ${file}`).join('\n');
      printResult(output, { json, value: { applied }, text });
    });
}
