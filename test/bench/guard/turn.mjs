/** A fixed piece of work like a gateway's: text, JSON, an HMAC, small objects. About 5 µs on a quiet machine of 2026. */
import { createHmac } from 'node:crypto';

const key = Buffer.alloc(32, 7);
const row = {
  id: 'a11ce000-0000-4000-8000-000000000001',
  name: 'folder/name.txt',
  metadata: { size: 1024, eTag: '"x"' },
};

/** Gives a number that depends on the work, so that no compiler can leave it out. */
export function turn(number) {
  const text = JSON.stringify({ ...row, number });
  const { name } = JSON.parse(text);
  const headers = new Map(text.split(',').map((part, index) => [`x-${index}`, part.trim().toLowerCase()]));
  return createHmac('sha256', key)
    .update(`${name}\n${[...headers.values()].join('\n')}`)
    .digest('hex').length;
}
