/** The S3 engine that the global set-up found, as the tests of one file see it. */

export interface S3EngineAddress {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Null when there is none; the global set-up has said so, loudly. */
export function s3EngineAddress(): S3EngineAddress | null {
  const { TEST_S3_ENDPOINT, TEST_S3_REGION, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY } = process.env;
  if (!TEST_S3_ENDPOINT) return null;
  return {
    endpoint: TEST_S3_ENDPOINT,
    region: TEST_S3_REGION ?? 'us-east-1',
    accessKeyId: TEST_S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: TEST_S3_SECRET_ACCESS_KEY ?? '',
  };
}

/** `describe` where there is an engine; else the tests are counted as skipped. */
export function describeWithS3(name: string, declare: (engine: S3EngineAddress) => void): void {
  const engine = s3EngineAddress();
  if (engine !== null) describe(name, () => declare(engine));
  // biome-ignore lint/suspicious/noSkippedTests: nothing to run against; the global set-up prints why, and CI refuses
  else describe.skip(name, () => declare({ endpoint: '', region: '', accessKeyId: '', secretAccessKey: '' }));
}
