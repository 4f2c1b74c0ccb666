/** A client of one gateway that tells what it got, or that it got nothing. */
import { createHash } from 'node:crypto';

export interface Sent {
  readonly token: string;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** `status` is 0 where no whole reply came. */
export interface Got {
  readonly status: number;
  readonly bytes: Buffer;
}

export async function send(url: string, method: string, path: string, sent: Sent): Promise<Got> {
  const { token, body, json, headers, signal } = sent;
  try {
    const reply = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': json === undefined ? 'text/plain' : 'application/json',
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) };
  } catch {
    return { status: 0, bytes: Buffer.alloc(0) };
  }
}

export function isAcknowledged({ status }: Got): boolean {
  return status >= 200 && status < 300;
}

/** A refusal, unlike a failure, says that nothing has happened. */
export function isRefused({ status }: Got): boolean {
  return status >= 400 && status < 500 && status !== 499;
}

/** A short name for bytes. */
export function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
