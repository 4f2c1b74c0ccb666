/**
 * What the gateway says of itself: health, readiness, metrics, its contract. Needs no login and touches no object.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Route, RouteHandler } from '../../contract/bind-routes.ts';
import type { Contract } from '../../contract/contract.ts';
import { type DocsPage, makeDocsPage } from '../../contract/docs-page.ts';
import type { Database } from '../../database/database.ts';
import { plainlySaid } from '../../http/error-reply.ts';
import { finishReply } from '../../http/finish-reply.ts';
import { recordOf } from '../../http/request-record.ts';
import { API_SECURITY_HEADERS } from '../../http/security-headers.ts';
import { sendJson } from '../../http/send-json.ts';

export interface ServiceSurfaceOptions {
  readonly contract: Contract;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly version: string;
  /** In the text form of Prometheus, of all processes of this gateway. */
  readonly renderMetrics: () => Promise<string>;
}

const PROBE_TIMEOUT_MS = 3_000;

export function makeServiceSurface(options: ServiceSurfaceOptions) {
  const { contract, version, renderMetrics } = options;
  let docs: DocsPage | null = null; // made when first asked for: it costs as much as a whole start
  const handlers: Record<string, RouteHandler> = {
    health: async ({ res }) => sendJson({ res, status: 200, body: { healthy: true } }),
    ready: ({ res }) => sendReadiness(res, options),
    metrics: async ({ res }) => sendText(res, await renderMetrics(), 'text/plain; version=0.0.4; charset=utf-8'),
    status: async ({ res }) => finishReply(res, { status: 200, headers: {}, body: Buffer.alloc(0) }),
    version: async ({ res }) => sendText(res, version, 'text/plain; charset=utf-8'),
    openapi: async ({ res }) => sendText(res, contract.json, 'application/json; charset=utf-8'),
    docs: async ({ res }: Route) => {
      docs ??= makeDocsPage(contract);
      finishReply(res, {
        status: 200,
        headers: {
          ...API_SECURITY_HEADERS,
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': docs.contentSecurityPolicy,
        },
        body: Buffer.from(docs.html),
      });
    },
  };
  return {
    tag: 'service',
    handlers: Object.fromEntries(Object.entries(handlers).map(([id, handle]) => [id, recorded(handle)])),
    onError: (error: unknown, _req: IncomingMessage, res: ServerResponse, operationId: string | null) => {
      Object.assign(recordOf(res), { error, operationId });
      sendJson({ res, ...refusalOf(error) });
    },
  };
}

/** In the form of the bucket API, whose tools look at these routes too. */
function refusalOf(error: unknown): { status: number; body: unknown } {
  const { status, text } = plainlySaid(error);
  const words =
    status === 500
      ? { error: 'Internal', code: 'InternalError' }
      : { error: STATUS_CODES[status] ?? '', code: 'InvalidRequest' };
  return { status, body: { statusCode: `${status}`, message: text, ...words } };
}

function recorded(handle: RouteHandler): RouteHandler {
  return (route, admitted) => {
    recordOf(route.res).operationId = route.operationId;
    return handle(route, admitted);
  };
}

/** 200 when Postgres and the store answer, else 503; the body says which does not. */
async function sendReadiness(res: ServerResponse, { database, blobs }: ServiceSurfaceOptions): Promise<void> {
  const [ofDatabase, ofStore] = await Promise.all([
    faultOf(database.check(PROBE_TIMEOUT_MS)),
    faultOf(blobs.check(AbortSignal.timeout(PROBE_TIMEOUT_MS))),
  ]);
  const ready = ofDatabase === null && ofStore === null;
  if (!ready) recordOf(res).error = notReady({ database: ofDatabase, store: ofStore });
  sendJson({
    res,
    status: ready ? 200 : 503,
    body: { ready, database: ofDatabase === null, store: ofStore === null },
    ...(ready ? {} : { headers: { 'retry-after': '1' } }),
  });
}

/** For the log: a store that is away and one that refuses the keys are mended differently. */
function notReady(faults: Readonly<Record<string, unknown>>): Error {
  const found = Object.entries(faults).filter(([, fault]) => fault !== null);
  return new Error(`Not ready: ${found.map(([engine]) => engine).join(', ')}`, {
    cause: found.length === 1 ? found[0]?.[1] : found.map(([, fault]) => fault),
  });
}

/** Null where the engine answers in time. */
async function faultOf(probe: Promise<void>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<unknown>(resolve => {
    timer = setTimeout(() => resolve(`no answer within ${PROBE_TIMEOUT_MS} ms`), PROBE_TIMEOUT_MS);
  });
  const answered = probe.then(
    () => null,
    (error: unknown) => error,
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}

function sendText(res: ServerResponse, text: string, contentType: string): void {
  finishReply(res, {
    status: 200,
    headers: { ...API_SECURITY_HEADERS, 'content-type': contentType },
    body: Buffer.from(text),
  });
}
