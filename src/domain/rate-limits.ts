/** Limits on how often something may be done in a window of time. Counting is the database's, across all processes. */

/** What is limited. Operators change the figures by these names (`RATE_LIMITS`). */
export type RateLimitName =
  | 'default'
  | 'file-name'
  | 'file-name-removal'
  | 'file-extension'
  | 'bulk-delete'
  | 'delete-all'
  | 'login'
  | 'file-password';

export interface RateLimit {
  readonly count: number;
  readonly windowMs: number;
}

export type RateLimits = Readonly<Record<RateLimitName, RateLimit>>;

/**
 * Whom a limit by address counts: the address, and for IPv6 the network of 64 bits that one subscriber has. IPv4 written
 * as IPv6 is IPv4. A text that is no address is taken as it is.
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':').map(group => group.replace(/^0+(?=.)/, ''));
}
