/** The file that large transfers move, and the goals that both directions share. */
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, resultOf } from './bench.ts';
import type { Goal } from './report.ts';

const MEBIBYTE = 1024 ** 2;
/** Of DESIGN §10. */
const GROWTH_MIB = 64;

export interface LargeFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Incompressible within each mebibyte. */
export async function writeLargeFile(folder: string, sizeMiB: number): Promise<LargeFile> {
  const path = join(folder, 'large-file');
  const block = randomBytes(MEBIBYTE);
  const file = await open(path, 'w');
  try {
    for (let written = 0; written < sizeMiB; written++) await file.write(block);
  } finally {
    await file.close();
  }
  return { path, sizeBytes: sizeMiB * MEBIBYTE };
}

export function largeGoals(
  { cases }: Pick<Answer, 'cases'>,
  { name, ways, limit }: { readonly name: string; readonly ways: readonly string[]; readonly limit: number },
): Goal[] {
  const bare = resultOf(cases, name, 'bare').throughputRatio;
  return ways.flatMap((way): Goal[] => {
    const { throughputRatio, growthBytes } = resultOf(cases, name, way);
    const growth = growthBytes === null ? null : growthBytes / MEBIBYTE;
    return [
      {
        what: `${way}, throughput`,
        value: throughputRatio,
        bare,
        bound: 'at least',
        limit,
        unit: 'of straight access',
      },
      { what: `${way}, growth of RSS`, value: growth, bound: 'at most', limit: GROWTH_MIB, unit: 'MiB' },
    ];
  });
}
