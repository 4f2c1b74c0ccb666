/**
 * Binds a surface's handlers to the operations of the contract. A request that reaches a handler is well formed: its path
 * is decoded, its query and JSON body are coerced and checked. Byte bodies are left unread.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import { SluiceError } from '../domain/errors.ts';
import type { Contract, Operation } from './contract.ts';
import { unmetDemandOf } from './message-demands.ts';
import { isJson, readJsonBody } from './read-json-body.ts';
import { decodeRawSegment, makeRouteMatcher, type RouteMatch } from './route-matcher.ts';
import type { Finding } from './schema-checks.ts';

/** One well-formed request. */
export interface Route {
  readonly operationId: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Undefined where the contract describes no JSON body, or an optional one is empty. */
  readonly body: unknown;
}

/** `admitted` is what the binding's `admit` gave for this request; undefined where there is none. */
export type RouteHandler<Admitted = undefined> = (route: Route, admitted: Admitted) => Promise<void>;

/** A request before anything of it but its path has been looked at; `params` are decoded and unchecked. */
export type Approach = Omit<Route, 'query' | 'body'>;

export interface RouteBinding<Admitted = undefined> {
  readonly contract: Contract;
  /** Binds the operations of this tag. */
  readonly tag: string;
  readonly router: RequestChain;
  /** Exactly one for each operation of the tag. */
  readonly handlers: Readonly<Record<string, RouteHandler<Admitted>>>;
  /**
   * Asked before parameters, headers, query and body are checked, for an API that says who may not before it says what is
   * malformed. What it resolves to reaches the handler; what it rejects with is the answer. May be left out only where
   * the handlers expect nothing of it.
   */
  readonly admit?: (approach: Approach) => Promise<Admitted>;
  /**
   * Asked when parameters, headers, query or body have turned out to be malformed, before that is answered: the same order
   * without asking anything where all is well. What it rejects with is the answer instead.
   */
  readonly beforeRefusal?: (approach: Approach) => Promise<void>;
  /** Path prefixes under which the operations answer; the empty string is the root. */
  readonly mounts: readonly string[];
  /** Whether a raw path is this API's at all, whatever its operations; every other is passed on. All are unless given. */
  readonly owns?: (path: string) => boolean;
  /**
   * Told of every refusal and failure, before and in the handler, also when a reply has begun and there is nothing left
   * to answer; then the connection is closed, because a short body must never look complete.
   */
  readonly onError: (error: unknown, req: IncomingMessage, res: ServerResponse, operationId: string) => void;
  /** Called for a path or method that is none of the tag's; may pass the request on. */
  readonly onUnknown: (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
}

/** What a surface gives to be bound: its own handlers, and how its API says an error. */
export type Surface<Admitted = undefined> = Pick<
  RouteBinding<Admitted>,
  'tag' | 'handlers' | 'admit' | 'beforeRefusal' | 'owns' | 'onError' | 'onUnknown'
>;

/** What is needed of an Express router. */
export interface RequestChain {
  use(handler: (req: IncomingMessage, res: ServerResponse, next: () => void) => void): unknown;
}

interface BoundOperation<Admitted> {
  readonly operation: Operation;
  readonly handle: RouteHandler<Admitted>;
  readonly admit: RouteBinding<Admitted>['admit'];
  readonly beforeRefusal: RouteBinding<Admitted>['beforeRefusal'];
  /** What a request without a query string has; null when that must be checked each time. */
  readonly emptyQuery: Route['query'] | null;
}

/** Throws when an operation of the tag has no handler or a handler no operation. */
export function bindRoutes<Admitted = undefined>(binding: RouteBinding<Admitted>): void {
  const { router, mounts, owns, onError, onUnknown } = binding;
  const match = makeRouteMatcher(boundOperations(binding).map(asPattern));
  const prefixes = [...mounts].sort((a, b) => b.length - a.length);

  function fail(error: unknown, { req, res }: Asked, operationId: string): void {
    const begun = res.headersSent;
    try {
      onError(error, req, res, operationId);
    } finally {
      if (begun && !res.writableEnded) res.destroy();
    }
  }

  router.use((req, res, next) => {
    const target = originForm(req.url ?? '/');
    const mark = target.indexOf('?');
    const path = withoutMount(mark === -1 ? target : target.slice(0, mark), prefixes);
    if (owns !== undefined && (path === null || !owns(path))) {
      next();
      return;
    }
    const found = path === null ? null : match(req.method ?? 'GET', path);
    if (found === null) {
      onUnknown(req, res, next);
      return;
    }
    const asked = { req, res, search: mark === -1 ? '' : target.slice(mark + 1) };
    answer(found, asked)
      .catch(error => fail(error, asked, found.target.operation.id))
      // A surface that cannot even say its errors costs this connection, not the process.
      .catch(() => res.destroy());
  });
}

function boundOperations<Admitted>(binding: RouteBinding<Admitted>): BoundOperation<Admitted>[] {
  const { contract, tag, handlers, admit, beforeRefusal } = binding;
  const operations = [...contract.operations.values()].filter(operation => operation.tag === tag);
  const ids = new Set(operations.map(operation => operation.id));
  const stray = Object.keys(handlers).filter(id => !ids.has(id));
  const missing = [...ids].filter(id => !Object.hasOwn(handlers, id));
  if (stray.length > 0) throw new Error(`handlers without an operation tagged ${tag}: ${stray.join(', ')}`);
  if (missing.length > 0) throw new Error(`operations tagged ${tag} without a handler: ${missing.join(', ')}`);
  return operations.flatMap(operation => {
    const handle = handlers[operation.id];
    const emptyQuery = emptyQueryOf(operation);
    return handle === undefined ? [] : [{ operation, handle, admit, beforeRefusal, emptyQuery }];
  });
}

function emptyQueryOf({ checks }: Operation): Route['query'] | null {
  const query = {};
  return checks.query(query) === null ? Object.freeze(query) : null;
}

function asPattern<Admitted>(target: BoundOperation<Admitted>) {
  const { method, path, slashOptional, wildcard } = target.operation;
  return { method, path, slashOptional, wildcard, target };
}

/** RFC 9112 §3.2.2: a server accepts the absolute form, as a proxy would send it. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  return /^https?:\/\/[^/?]*(.*)$/i.exec(target)?.[1] ?? target;
}

function withoutMount(path: string, prefixes: readonly string[]): string | null {
  for (const prefix of prefixes) {
    if (prefix === '') return path;
    if (path.startsWith(prefix) && path[prefix.length] === '/') return path.slice(prefix.length);
  }
  return null;
}

interface Asked {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The query string without its question mark. */
  readonly search: string;
}

async function answer<Admitted>(found: RouteMatch<BoundOperation<Admitted>>, asked: Asked): Promise<void> {
  const { operation, handle, admit, beforeRefusal } = found.target;
  const { req, res } = asked;
  const unmet = unmetDemandOf(req.headers);
  if (unmet !== null) throw unmet;
  const approach = { operationId: operation.id, req, res, params: paramsOf(found) };
  const admitted = (admit === undefined ? undefined : await admit(approach)) as Admitted;
  const route = await wellFormed(approach, found.target, asked.search).catch(async error => {
    await beforeRefusal?.(approach);
    throw error;
  });
  await handle(route, admitted);
}

async function wellFormed<Admitted>(
  approach: Approach,
  { operation, emptyQuery }: BoundOperation<Admitted>,
  search: string,
): Promise<Route> {
  refuse('params', operation.checks.params(approach.params));
  checkHeaders(operation, approach.req);
  const query = search === '' && emptyQuery !== null ? emptyQuery : checkedQuery(operation, search);
  const body = operation.bodyKind === 'unread' ? undefined : await checkedBody(operation, approach.req);
  // New names come before what is spread: after it Node 20 gives the object a shape of its own, at 4 µs and for each request.
  return { query, body, ...approach };
}

function paramsOf({ names, values }: RouteMatch<unknown>): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) params[name] = decodeRawSegment(values[index] ?? '');
  return params;
}

function checkHeaders(operation: Operation, req: IncomingMessage): void {
  const finding = operation.checks.headers(req.headers);
  if (finding !== null && operation.requiresAuthorization && req.headers.authorization === undefined) {
    throw new SluiceError('missing-credentials', finding.message, { facts: { part: 'headers' } });
  }
  refuse('headers', finding);
}

/** The parsed query has no prototype, so a parameter called `__proto__` is one like any other. */
function checkedQuery(operation: Operation, search: string): Route['query'] {
  const query = parseQuery(search);
  refuse('querystring', operation.checks.query(query));
  return query;
}

const JSON_HEADER = 'Content-Type: application/json';

async function checkedBody(operation: Operation, req: IncomingMessage): Promise<unknown> {
  const { bodyKind, checks } = operation;
  if (bodyKind === 'exact-json') return checkedExactBody(operation, req);
  const body = await readJsonBody(req, { optional: bodyKind !== 'json' });
  const finding = body === undefined ? null : checks.body(body);
  // Nothing was read, or it was not said to be JSON; which is what people forget.
  const hint = body === null && !isJson(req.headers['content-type']) ? `, with ${JSON_HEADER}` : '';
  refuse('body', finding === null ? null : { ...finding, message: finding.message + hint });
  return body;
}

/** What is no JSON object lacks every field that one must have, and where none must be there, it is itself what is wrong. */
async function checkedExactBody({ checks }: Operation, req: IncomingMessage): Promise<unknown> {
  const lacking = () => checks.body({})?.fields.join() || 'body';
  const body = await readJsonBody(req, { optional: true }).catch(error => {
    if (!(error instanceof SluiceError) || error.facts.part !== 'json') throw error;
    throw new SluiceError(error.code, error.message, { facts: { ...error.facts, fields: lacking() }, cause: error });
  });
  const finding = checks.body(body ?? {});
  if (finding !== null) refuse('body', finding.fields.length > 0 ? finding : { ...finding, fields: [lacking()] });
  return body ?? {};
}

/** The fact `fields` names what is missing or wrong, separated by commas. */
function refuse(part: string, finding: Finding | null): void {
  if (finding === null) return;
  throw new SluiceError('invalid-parameter', finding.message, { facts: { part, fields: finding.fields.join() } });
}
