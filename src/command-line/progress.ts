/** A progress bar for long work, drawn only when somebody watches. */
import { Presets, SingleBar } from 'cli-progress';
import type { Output } from './output.ts';

/** `total` null: not known yet. */
export type OnProgress = (step: {
  readonly done: number;
  readonly total: number | null;
  readonly what: string;
}) => void;

/** Runs `work` with a bar that disappears afterwards, also when the work fails. */
export async function withProgress<Result>(
  output: Output,
  work: (onProgress: OnProgress) => Promise<Result>,
): Promise<Result> {
  if (!output.isWatched) return work(() => {});
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} {what}', clearOnComplete: true, hideCursor: true, stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(0, 0, { what: '' });
  try {
    return await work(({ done, total, what }) => {
      bar.setTotal(total ?? done);
      bar.update(done, { what });
    });
  } finally {
    bar.stop();
  }
}
