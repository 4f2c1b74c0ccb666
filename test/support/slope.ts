/** The slope of measurements, by least squares: whether something grows, whatever it weighs. */

export interface Sample {
  /** Time, or work done. */
  readonly at: number;
  readonly value: number;
}

/** How much `value` rises for each unit of `at`; 0 for less than two moments. */
export function slopeOf(samples: readonly Sample[]): number {
  const mean = (pick: (sample: Sample) => number) => samples.reduce((sum, one) => sum + pick(one), 0) / samples.length;
  const [meanAt, meanValue] = [mean(({ at }) => at), mean(({ value }) => value)];
  const spread = samples.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const together = samples.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - meanValue), 0);
  return spread === 0 ? 0 : together / spread;
}

/** The samples of the second half of the time or the work: caches are full and code is compiled by then. */
export function secondHalf(samples: readonly Sample[]): Sample[] {
  const first = samples[0]?.at ?? 0;
  const last = samples.at(-1)?.at ?? 0;
  return samples.filter(({ at }) => at >= (first + last) / 2);
}

/** The standard error of `slopeOf`: how far chance alone may have turned it. */
export function slopeErrorOf(samples: readonly Sample[]): number {
  if (samples.length < 3) return Number.POSITIVE_INFINITY;
  const slope = slopeOf(samples);
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / samples.length;
  const meanValue = samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
  const spread = samples.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const apart = samples.reduce((sum, { at, value }) => sum + (value - meanValue - slope * (at - meanAt)) ** 2, 0);
  return Math.sqrt(apart / (samples.length - 2) / spread);
}
