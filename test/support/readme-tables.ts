/** The README's tables that say again what the code says; a test compares them, and rewrites them when asked to. */
import { SETTINGS } from '../../src/config/settings.ts';
import { makeMetrics } from '../../src/observe/metrics.ts';
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

/** What /metrics offers of our own; what it says of the process is prom-client's. */
function metricsTable(): string {
  const metrics = makeMetrics();
  metrics.watch({
    pool: () => ({ total: 0, idle: 0, waiting: 0 }),
    ledger: async () => ({ pending: 0, dead: 0, quarantined: 0 }),
    requests: () => 0,
  });
  const own = metrics.registry.getMetricsAsArray().filter(({ name }) => name.startsWith('sluice_'));
  const rows = own.map(metric => {
    const { labelNames = [] } = metric as { readonly labelNames?: readonly string[] };
    return [`\`${metric.name}\``, labelNames.map(label => `\`${label}\``).join(', '), metric.help];
  });
  return table([['metric', 'labels', 'meaning'], ['---', '---', '---'], ...rows]);
}

/** The README with its tables as the code would have them; each stands between a comment and an empty line. */
export function withTables(readme: string): string {
  const tables = { settings: settingsTable(), errors: errorsTable(), metrics: metricsTable() };
  return Object.entries(tables).reduce(
    (text, [name, rows]) =>
      text.replace(new RegExp(`(<!-- ${name}:[^\\n]*-->\\n\\n)(?:\\|[^\\n]*\\n)*`), (_, head) => `${head}${rows}\n`),
    readme,
  );
}
