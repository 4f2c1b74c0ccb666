/** `sluice sql`: runs SQL as the administrator, so that policies can be written where there is no psql. */
import { Command } from 'commander';
import { type Output, printResult, renderTable } from './output.ts';

export interface SqlOutcome {
  readonly command: string;
  readonly count: number | null;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface SqlCommandParts {
  readonly output: Output;
  readonly readFile: (path: string) => string;
  readonly readInput: () => Promise<string>;
  readonly runSql: (text: string) => Promise<readonly SqlOutcome[]>;
}

/** A word like those that options are; SQL that begins with a comment is more than one. */
const OPTION = /^--?[a-z][\w-]*(?:=|$)/i;

export function makeSqlCommand({ output, readFile, readInput, runSql }: SqlCommandParts): Command {
  return new Command('sql')
    .description('run SQL as the administrator of the database, past every policy')
    .argument('[text]', 'the statements; without it and without --file they are read from standard input')
    .option('--file <path>', 'read the statements from a file')
    .option('--json', 'print JSON', false)
    .allowUnknownOption()
    .action(async (text: string | undefined, { file, json }: { file?: string; json: boolean }, command: Command) => {
      if (text !== undefined && OPTION.test(text)) command.error(`error: unknown option '${text}'`);
      const statements = text ?? (file === undefined ? await readInput() : readFile(file));
      const outcomes = await runSql(statements);
      printResult(output, { json, value: outcomes, text: outcomes.map(renderOutcome).join('\n') });
    });
}

function renderOutcome({ command, count, columns, rows }: SqlOutcome): string {
  if (columns.length === 0) return count === null ? command : `${command} ${count}`;
  return renderTable([columns, ...rows.map(row => row.map(cellOf))]);
}

function cellOf(value: unknown): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
