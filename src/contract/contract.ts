/**
 * `openapi.yaml`, loaded once: the operations by id, each with compiled checks of its request. It says whether a request
 * is well formed; whether it is meaningful is the domain's business.
 */
import {
  type DescribedOperation,
  METHODS,
  type OpenApiDocument,
  type Parameter,
  type PathItem,
  readDocument,
  type Schema,
} from './openapi-document.ts';
import { makeReplyCheck, type ReplyCheck } from './reply-check.ts';
import { type Check, type CheckMaker, makeExactChecks, makeRequestChecks } from './schema-checks.ts';

/**
 * What is done with the body of a request: left unread; read as JSON that must or may be there; or read as JSON of which
 * nothing is coerced and an absent one is an empty object (`x-exact`), so that every refusal names its fields.
 */
export type BodyKind = 'unread' | 'json' | 'optional-json' | 'exact-json';

export interface Operation {
  readonly id: string;
  /** The surface that answers it. */
  readonly tag: string;
  /** Upper case. */
  readonly method: string;
  /** As written, with `{parameters}`. */
  readonly path: string;
  readonly slashOptional: boolean;
  /** The parameter that takes the rest of the path. */
  readonly wildcard: string | null;
  readonly requiresAuthorization: boolean;
  readonly bodyKind: BodyKind;
  readonly checks: { readonly params: Check; readonly headers: Check; readonly query: Check; readonly body: Check };
  readonly described: DescribedOperation;
}

export interface Contract {
  readonly document: OpenApiDocument;
  /** The document as JSON text, references kept. */
  readonly json: string;
  readonly operations: ReadonlyMap<string, Operation>;
  /**
   * What is wrong with a reply, one sentence per finding; empty when it is as described. For tests: the checks are
   * compiled at the first call. `body` is the parsed JSON, the text, or null for none. Throws for an unknown operation.
   */
  readonly validateResponse: ReplyCheck;
}

/** Reads the contract. Throws on a document that cannot be bound: bad YAML, bad schema, an operation id used twice. */
export function loadContract(text: string): Contract {
  const { written, resolved } = readDocument(text);
  const makers = { makeCheck: makeRequestChecks(), makeExactCheck: makeExactChecks() };
  const operations = new Map<string, Operation>();
  for (const [path, item] of Object.entries(resolved.paths)) {
    for (const operation of operationsOf(path, item, makers)) {
      if (operations.has(operation.id)) throw new Error(`openapi.yaml: ${operation.id} is used twice`);
      operations.set(operation.id, operation);
    }
  }
  return {
    document: resolved,
    json: JSON.stringify(written),
    operations,
    validateResponse: makeReplyCheck(operations),
  };
}

interface CheckMakers {
  readonly makeCheck: CheckMaker;
  readonly makeExactCheck: CheckMaker;
}

function operationsOf(path: string, item: PathItem, { makeCheck, makeExactCheck }: CheckMakers): Operation[] {
  return METHODS.flatMap(method => {
    const described = item[method];
    if (described === undefined) return [];
    const parameters = [...(item.parameters ?? []), ...(described.parameters ?? [])];
    const bodyKind = bodyKindOf(described);
    const makeBodyCheck = bodyKind === 'exact-json' ? makeExactCheck : makeCheck;
    const requiresAuthorization = described.security.length > 0 && described.security.every(isDemanding);
    return {
      id: described.operationId,
      tag: described.tags[0],
      method: method.toUpperCase(),
      path,
      slashOptional: item['x-slash-optional'] === true,
      wildcard: parameters.find(parameter => parameter['x-wildcard'])?.name ?? null,
      requiresAuthorization,
      bodyKind,
      checks: {
        params: makeCheck('params', objectSchema(parameters, 'path')),
        headers: makeCheck('headers', headersSchema(parameters, requiresAuthorization)),
        query: makeCheck('querystring', objectSchema(parameters, 'query')),
        body: makeBodyCheck('body', described.requestBody?.content['application/json']?.schema ?? {}),
      },
      described: { ...described, parameters },
    };
  });
}

/** An empty requirement among the alternatives makes credentials optional (OpenAPI 3.1 §4.8.30). */
function isDemanding(requirement: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(requirement).length > 0;
}

function bodyKindOf({ requestBody }: DescribedOperation): BodyKind {
  const types = Object.keys(requestBody?.content ?? {});
  if (types.length !== 1 || types[0] !== 'application/json') return 'unread';
  if (requestBody?.['x-exact'] === true) return 'exact-json';
  return requestBody?.required === true ? 'json' : 'optional-json';
}

function objectSchema(parameters: readonly Parameter[], place: Parameter['in']): Schema {
  const here = parameters.filter(parameter => parameter.in === place);
  return {
    type: 'object',
    required: here.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(here.map(({ name, schema }) => [name, schema])),
  };
}

function headersSchema(parameters: readonly Parameter[], requiresAuthorization: boolean): Schema {
  const schema = objectSchema(parameters, 'header');
  return requiresAuthorization
    ? {
        ...schema,
        required: ['authorization'],
        properties: { authorization: { type: 'string' }, ...(schema.properties as Schema) },
      }
    : schema;
}
