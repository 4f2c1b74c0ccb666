/** Where commands print. Results go to `print`, so that they can be piped; everything else is for people, by `tell`. */

export interface Output {
  /** One result, or one table, on standard output. A closing line break is added. */
  print(text: string): void;
  /** A remark on standard error. */
  tell(text: string): void;
  /** Whether a person is watching standard error, so that progress bars make sense. */
  readonly isWatched: boolean;
}

export function makeOutput(streams: { stdout: NodeJS.WritableStream; stderr: NodeJS.WriteStream }): Output {
  return {
    print: text => void streams.stdout.write(`${text}\n`),
    tell: text => void streams.stderr.write(`${text}\n`),
    isWatched: streams.stderr.isTTY === true,
  };
}

/** Prints a result for a program (`--json`, one document) or for a person. */
export function printResult(output: Output, result: { json: boolean; value: unknown; text: string }): void {
  output.print(result.json ? JSON.stringify(result.value, null, 2) : result.text);
}

/**
 * Columns padded to their widest cell, two spaces apart; the last is not padded. A cell longer than `widest` moves the rest
 * of its own line alone.
 */
export function renderTable(rows: readonly (readonly string[])[], widest = Number.POSITIVE_INFINITY): string {
  const lengthOf = (cell = '') => (cell.length > widest ? 0 : cell.length);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => lengthOf(row[column]))));
  return rows
    .map(row =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .join('\n');
}

/** What a failed command says: one sentence; the stack only for those who debug. */
export function renderFailure(error: unknown, isDebugging: boolean): string {
  if (!(error instanceof Error)) return `sluice: ${String(error)}`;
  return `sluice: ${(isDebugging ? error.stack : undefined) ?? error.message}`;
}
