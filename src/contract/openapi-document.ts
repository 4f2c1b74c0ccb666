/**
 * The part of OpenAPI 3.1 that `openapi.yaml` uses, and its reading: YAML to plain objects with every `$ref` inlined.
 * A unit test holds the file to these shapes.
 */
import { parse } from 'yaml';

export type Schema = { readonly [keyword: string]: unknown };

export interface Example {
  readonly summary?: string;
  readonly value: unknown;
}

export interface MediaType {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, Example>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description: string;
  readonly schema: Schema;
  readonly example: unknown;
  readonly 'x-wildcard'?: boolean;
}

export interface Reply {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface RequestBody {
  readonly description?: string;
  readonly required?: boolean;
  readonly 'x-exact'?: boolean;
  readonly content: Readonly<Record<string, MediaType>>;
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly summary: string;
  readonly description: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Readonly<Record<string, Reply>>;
}

export const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;

export type PathItem = { readonly [Method in (typeof METHODS)[number]]?: DescribedOperation } & {
  readonly parameters?: readonly Parameter[];
  readonly 'x-slash-optional'?: boolean;
};

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly summary: string;
    readonly description: string;
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The document as it is written (for `/openapi.json`) and with its references inlined (for everything else). */
export interface ReadDocument {
  readonly written: unknown;
  readonly resolved: OpenApiDocument;
}

/**
 * Reads the YAML, or the JSON that a build has made of it: reading YAML takes 30 MiB, and an idle process keeps them.
 * Throws on a syntax error, a reference to nothing, and a reference that leads back to itself.
 */
export function readDocument(text: string): ReadDocument {
  const written: unknown = text.startsWith('{') ? JSON.parse(text) : parse(text);
  return { written, resolved: inlineReferences(written) as OpenApiDocument };
}

function inlineReferences(root: unknown): unknown {
  const inlined = new Map<string, unknown>();

  function follow(pointer: string, trail: readonly string[]): unknown {
    if (trail.includes(pointer)) throw new Error(`openapi.yaml: ${pointer} leads back to itself`);
    if (!inlined.has(pointer)) inlined.set(pointer, walk(targetOf(root, pointer), [...trail, pointer]));
    return inlined.get(pointer);
  }

  function walk(node: unknown, trail: readonly string[]): unknown {
    if (Array.isArray(node)) return node.map(item => walk(item, trail));
    if (typeof node !== 'object' || node === null) return node;
    if ('$ref' in node && typeof node.$ref === 'string') return follow(node.$ref, trail);
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value, trail)]));
  }

  return walk(root, []);
}

/** RFC 6901, for references within the document. */
function targetOf(root: unknown, pointer: string): unknown {
  let node = root;
  for (const part of pointer.replace(/^#\//, '').split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined;
    if (node === undefined) throw new Error(`openapi.yaml: ${pointer} leads nowhere`);
  }
  return node;
}
