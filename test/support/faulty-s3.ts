/**
 * An S3 server on which the n-th request fails on the wire: a proxy before the real one. `after` is not told apart from
 * `answer-lost` here, because a failing answer of S3 itself says that nothing was done.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultLine, PlannedFault } from './fault-line.ts';

/** What S3 says when it will not serve at present, in the words of the S3 API's "Error responses". */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** So many requests are refused; all of them unless given. */
  readonly times?: number;
}

export interface FaultyS3 extends Pick<FaultLine, 'arm' | 'disarm'> {
  readonly endpoint: string;
  /** Answers requests itself from now on; null ends that. */
  refuse(refusal: Refusal | null): void;
  stop(): Promise<void>;
}

/** Steps are requests, in the order in which they come. Starts without a fault. */
export async function startFaultyS3(endpoint: string): Promise<FaultyS3> {
  const upstream = new URL(endpoint);
  let steps: string[] = [];
  let fault: PlannedFault | null = null;
  let refusal: Refusal | null = null;
  let refusals = 0;

  function serve(req: IncomingMessage, res: ServerResponse): void {
    if (refusal !== null && refusals < (refusal.times ?? Number.POSITIVE_INFINITY)) {
      refusals += 1;
      answerRefusal(refusal, { req, res });
      return;
    }
    const query = /\?([a-zA-Z-]+)/.exec(req.url ?? '')?.[1];
    const index = steps.push(`${req.method}${query === undefined ? '' : ` ${query}`}`) - 1;
    const planned = fault !== null && (index === fault.step || (fault.moment === 'gone' && index > fault.step));
    if (planned && fault?.moment !== 'answer-lost' && fault?.moment !== 'after') {
      req.socket.destroy();
      return;
    }
    forward(upstream, { req, res, isAnswerLost: planned });
  }

  const server = createServer(serve);
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arm(planned) {
      steps = [];
      fault = planned;
    },
    disarm() {
      fault = null;
      return [...steps];
    },
    refuse(next) {
      refusal = next;
      refusals = 0;
    },
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** S3 may answer before it has read the body, and closes the connection then. */
function answerRefusal({ status, code }: Refusal, { req, res }: { req: IncomingMessage; res: ServerResponse }): void {
  const document = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Later.</Message></Error>`;
  res.writeHead(status, { 'content-type': 'application/xml' });
  req.resume().on('end', () => res.end(req.method === 'HEAD' ? undefined : document));
}

function forward(
  upstream: URL,
  { req, res, isAnswerLost }: { req: IncomingMessage; res: ServerResponse; isAnswerLost: boolean },
): void {
  const { method, url, headers } = req;
  const onward = request({ host: upstream.hostname, port: upstream.port, method, path: url, headers }, reply => {
    if (isAnswerLost) {
      reply.resume().on('end', () => req.socket.destroy());
      return;
    }
    res.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(res);
  });
  onward.on('error', () => res.destroy());
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}
