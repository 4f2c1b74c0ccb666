/** Requests to the engine through undici: TLS, and the few answers that our own connections do not read. */
import { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { codeIn, type S3Transport, type TransportAnswer, type TransportSettings } from './s3-transport.ts';

const LONGEST_ERROR_DOCUMENT_BYTES = 16 * 1024;

export function makeUndiciTransport({ origin, timeouts, keepMs }: TransportSettings): S3Transport {
  const pool = new Pool(origin.origin, {
    pipelining: 1,
    connectTimeout: timeouts.connectMs,
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.bodyIdleMs,
    keepAliveTimeout: keepMs,
    keepAliveMaxTimeout: keepMs,
  });
  return {
    async send({ method, path, headers, body, signal, place }) {
      if (body instanceof Readable) place.watch(() => body.readableLength === 0 && !body.readableEnded);
      const answer = await pool.request({
        method,
        path,
        headers: headers as string[],
        body,
        reset: false, // Undici would close the socket after every HEAD.
        ...(signal === undefined ? {} : { signal }),
      });
      // Undici errors an unread body that is destroyed; without a listener that would end the process.
      answer.body.on('error', () => {});
      place.watch(() => answer.body.isPaused() || answer.body.readableLength > 0);
      return toAnswer(answer);
    },
    close: async () => {
      if (!pool.destroyed) await pool.destroy();
    },
  };
}

/** An answer that is not 2xx has no body: its document has been read, and it will not close once more. */
async function toAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<TransportAnswer> {
  const isSuccess = statusCode < 300;
  return {
    status: statusCode,
    header: name => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: isSuccess ? body : null,
    code: isSuccess ? '' : codeIn(await readDocument(body)),
  };
}

/** Anything too long or unreadable is none, and its socket is given up. */
async function readDocument(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = '';
  try {
    for await (const piece of body) {
      text += String(piece);
      if (text.length > LONGEST_ERROR_DOCUMENT_BYTES) break;
    }
  } catch {
    return '';
  }
  return text;
}
