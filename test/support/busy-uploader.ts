/**
 * Makes a caller one whose small uploads into a bucket need one round trip, whatever the gateway has seen before. For
 * gateways that were started with PROMPT.
 */
import { send } from '../faults/door.ts';
import type { Gateway } from './gateway.ts';
import { until } from './until.ts';

/** The default of the program. */
export const PROMPT = { UPLOADS_AHEAD: '64' };

export interface Uploader {
  readonly token: string;
  readonly bucket: string;
}

const AT_ONCE = 16;
/** More than half of what is expected at once: the next upload brings no new ones. */
const ENOUGH = 40;

/** Uploads in bursts until the ledger expects many more; afterwards none of those objects is there. */
export async function makeBusy({ url, db }: Pick<Gateway, 'url' | 'db'>, { token, bucket }: Uploader): Promise<void> {
  const upload = (n: number) => send(url, 'POST', `/object/${bucket}/busy-${n}`, { token, body: new Uint8Array(1) });
  const remove = () => db.sql(`delete from storage.objects where bucket_id = $1 and name like 'busy-%'`, [bucket]);
  await until('uploads that are expected', async () => {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => upload(n)));
    await remove();
    const last = await upload(AT_ONCE);
    await remove();
    const [pending] = await db.sql<{ count: number }>(
      `select count(*)::int from sluice.blobs where state = 'pending' and lease_until > now()`,
    );
    return last.status === 200 && (pending?.count ?? 0) >= ENOUGH;
  });
}
