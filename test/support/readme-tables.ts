/** The README's tables that say again what the code says; a test compares them, and rewrites them when asked to. */
import { SETTINGS } from '../../src/config/settings.ts';
import { WIRE } from '../../src/surfaces/supabase/errors.ts';

const table = (rows: readonly (readonly string[])[]): string => rows.map(row => `| ${row.join(' | ')} |`).join('\n');

function settingsTable(): string {
  const rows = Object.entries(SETTINGS).map(([name, { meaning, fallback, absence, accepts }]) => [
    `\`${name}\``,
    fallback === null ? `– (${absence})` : `\`${fallback}\``,
    `${meaning}; accepts ${accepts.replaceAll('|', '\\|')}`,
  ]);
  return table([['variable', 'default', 'meaning'], ['---', '---', '---'], ...rows]);
}

function errorsTable(): string {
  const rows = Object.entries(WIRE).map(([code, wire]) => [
    `${wire.status}${wire.always === true ? ' *' : ''}`,
    `\`${wire.code}\``,
    wire.error,
    wire.message ?? '(says which)',
    `\`${code}\``,
  ]);
  const sorted = rows.toSorted((a, b) => (a[0] ?? '').localeCompare(b[0] ?? ''));
  return table([['statusCode', 'code', 'error', 'message', 'in the core'], Array(5).fill('---'), ...sorted]);
}

/** The README with its tables as the code would have them; each stands between a comment and an empty line. */
export function withTables(readme: string): string {
  const tables = { settings: settingsTable(), errors: errorsTable() };
  return Object.entries(tables).reduce(
    (text, [name, rows]) =>
      text.replace(new RegExp(`(<!-- ${name}:[^\\n]*-->\\n\\n)(?:\\|[^\\n]*\\n)*`), (_, head) => `${head}${rows}\n`),
    readme,
  );
}
