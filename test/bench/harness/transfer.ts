/** One large transfer by curl, which streams, and says what it took. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Sample } from './alternate.ts';

const MEBIBYTE = 1024 * 1024;
const LONGEST_SECONDS = 120;

export interface Transfer {
  readonly url: string;
  /** What curl is told beside the URL. */
  readonly args: readonly string[];
  /** The object's size; curl must have moved as much. */
  readonly sizeBytes: number;
}

/** A unit is a mebibyte. Rejects when the reply is not 2xx or bytes are missing. */
export async function runTransfer({ url, args, sizeBytes }: Transfer): Promise<Sample> {
  const { stdout } = await promisify(execFile)('curl', [
    ...['--silent', '--show-error', '--noproxy', '*', '--max-time', String(LONGEST_SECONDS), '--output', '/dev/null'],
    ...['--write-out', '%{http_code} %{time_total} %{size_download} %{size_upload}'],
    ...args,
    url,
  ]);
  const [status = 0, seconds = 0, downloaded = 0, uploaded = 0] = stdout.split(' ').map(Number);
  if (status < 200 || status > 299) throw new Error(`curl ${args.join(' ')} ${url}: status ${status}`);
  if (Math.max(downloaded, uploaded) < sizeBytes) throw new Error(`curl ${args.join(' ')} ${url}: bytes are missing`);
  return { units: sizeBytes / MEBIBYTE, seconds, latenciesMs: [seconds * 1000] };
}
