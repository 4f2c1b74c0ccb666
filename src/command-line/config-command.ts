/** `sluice config`: every setting with its meaning and present value, secrets masked. */
import { Command } from 'commander';
import type { SettingRow } from '../config/read-config.ts';
import { type Output, printResult, renderTable } from './output.ts';

export interface ConfigCommandParts {
  readonly output: Output;
  readonly describe: () => readonly SettingRow[];
  /** Throws ConfigError when the settings cannot be used. */
  readonly check: () => void;
}

/** A longer value, such as all rate limits, would push every meaning off the screen. */
const WIDEST_VALUE = 48;

/** Prints the table even when a value is malformed, and then fails with the sentence that says which. */
export function makeConfigCommand({ output, describe, check }: ConfigCommandParts): Command {
  return new Command('config')
    .description('list the settings (environment variables) with their meaning and present value, secrets masked')
    .option('--json', 'print JSON', false)
    .action(({ json }: { json: boolean }) => {
      const rows = describe();
      const table = rows.map(row => [row.name, row.value ?? `(${row.fallback})`, row.meaning]);
      const text = renderTable([['VARIABLE', 'VALUE', 'MEANING'], ...table], WIDEST_VALUE);
      printResult(output, { json, value: rows, text });
      check();
    });
}
