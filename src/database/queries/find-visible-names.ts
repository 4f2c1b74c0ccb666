/** Which of these names the caller may read; for signing many links at once. */
import type { Statement } from '../statement.ts';

export const findVisibleNames: Statement<{ readonly bucket: string; readonly names: readonly string[] }, string> = {
  name: 'find_visible_names',
  runs: 'caller-reads',
  text: `select o.name from storage.objects o
    where o.bucket_id = $1 and o.name = any ($2::text[]) and o.version is not null`,
  values: ({ bucket, names }) => [bucket, names],
  row: row => row.name as string,
};
