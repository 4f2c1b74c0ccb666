/**
 * What a process has used, from Linux's /proc: CPU time and resident memory. Elsewhere, and for processes of other
 * machines, everything is null and the tables show a dash.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second on every architecture that Node runs on. */
const MICROS_PER_TICK = 10_000;

interface Stat {
  readonly parent: number;
  readonly ownTicks: number;
  /** Of children that have ended and were waited for. */
  readonly endedChildrenTicks: number;
}

/** CPU time of the process, its ended children and its living descendants; null when it cannot be known. */
export function cpuMicrosOf(pid: number | null): number | null {
  const stats = pid === null ? null : readAllStats();
  if (pid === null || stats === null || !stats.has(pid)) return null;
  let ticks = 0;
  const family = [pid];
  for (let member = family.pop(); member !== undefined; member = family.pop()) {
    const stat = stats.get(member);
    ticks += (stat?.ownTicks ?? 0) + (stat?.endedChildrenTicks ?? 0);
    for (const [child, { parent }] of stats) if (parent === member) family.push(child);
  }
  return ticks * MICROS_PER_TICK;
}

/** The child of this process whose program has this name; null when there is none, as with one inside a container. */
export function childNamed(name: string): number | null {
  for (const [pid, { parent }] of readAllStats() ?? []) {
    if (parent === process.pid && readOrNull(`/proc/${pid}/comm`)?.trim() === name) return pid;
  }
  return null;
}

export interface Memory {
  readonly residentBytes: number;
  /** The highest since the start or the last `forgetPeak`. */
  readonly peakBytes: number;
}

export function memoryOf(pid: number): Memory | null {
  const status = readOrNull(`/proc/${pid}/status`);
  if (status === null) return null;
  const kib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { residentBytes: kib('VmRSS') * 1024, peakBytes: kib('VmHWM') * 1024 };
}

/** Lets the peak begin anew at the present size, where the kernel allows it. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // then the peak stays that since the start, which flatters nobody
  }
}

function readAllStats(): Map<number, Stat> | null {
  if (process.platform !== 'linux') return null;
  const stats = new Map<number, Stat>();
  for (const entry of readdirSync('/proc')) {
    const text = /^\d+$/.test(entry) ? readOrNull(`/proc/${entry}/stat`) : null;
    // The second field is the program's name in parentheses and may hold anything, so counting starts behind it.
    const fields = text
      ?.slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    if (fields === undefined) continue;
    const [, parent = 0, , , , , , , , , , user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields;
    stats.set(Number(entry), { parent, ownTicks: user + system, endedChildrenTicks: childrenUser + childrenSystem });
  }
  return stats;
}

/** Processes come and go while /proc is read. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
