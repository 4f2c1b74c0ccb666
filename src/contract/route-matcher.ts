/**
 * Finds the operation for a method and a raw path. One tree per method, built at start: literal segments win over
 * parameters and parameters over the rest of the path; nothing is normalized.
 */
import { SluiceError } from '../domain/errors.ts';

export interface RoutePattern<Target> {
  /** Upper case. */
  readonly method: string;
  /** Segments are literal text or `{name}`. */
  readonly path: string;
  /** The path without its trailing slash means the same. */
  readonly slashOptional: boolean;
  /** Which parameter, always the last, takes the rest of the path with its slashes. */
  readonly wildcard: string | null;
  readonly target: Target;
}

export interface RouteMatch<Target> {
  readonly target: Target;
  readonly names: readonly string[];
  /** Raw, one for each name. */
  readonly values: readonly string[];
}

/**
 * The match of a raw path without query, or null. A parameter is at least one character; the rest may be empty. HEAD finds
 * what GET does where it has no route of its own (RFC 9110 §9.1): Node leaves out the body.
 */
export type RouteMatcher<Target> = (method: string, path: string) => RouteMatch<Target> | null;

interface Leaf<Target> {
  readonly target: Target;
  readonly names: readonly string[];
}

interface Node<Target> {
  readonly literals: Map<string, Node<Target>>;
  parameter: Node<Target> | null;
  end: Leaf<Target> | null;
  rest: Leaf<Target> | null;
}

/** Throws when two patterns mean the same requests. */
export function makeRouteMatcher<Target>(patterns: readonly RoutePattern<Target>[]): RouteMatcher<Target> {
  const trees = new Map<string, Node<Target>>();
  for (const pattern of patterns) {
    const tree = trees.get(pattern.method) ?? makeNode<Target>();
    trees.set(pattern.method, tree);
    plant(tree, pattern, pattern.path);
    if (pattern.slashOptional) plant(tree, pattern, pattern.path.replace(/\/$/, ''));
  }

  const match: RouteMatcher<Target> = (method, path) => {
    const tree = trees.get(method);
    if (path.charCodeAt(0) !== SLASH) return null;
    const values: string[] = [];
    const leaf = tree === undefined ? null : find(tree, path, { from: 1, values });
    if (leaf === null) return method === 'HEAD' ? match('GET', path) : null;
    return { target: leaf.target, names: leaf.names, values };
  };
  return match;
}

const SLASH = 0x2f;

function makeNode<Target>(): Node<Target> {
  return { literals: new Map(), parameter: null, end: null, rest: null };
}

function plant<Target>(tree: Node<Target>, pattern: RoutePattern<Target>, path: string): void {
  const names: string[] = [];
  const leaf = { target: pattern.target, names };
  let node = tree;
  for (const segment of path.slice(1).split('/')) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name !== undefined) names.push(name);
    if (name !== undefined && name === pattern.wildcard) {
      if (node.rest !== null) throw new Error(`${pattern.method} ${path} means the same as another route`);
      node.rest = leaf;
      return;
    }
    node = name === undefined ? literalBelow(node, segment) : parameterBelow(node);
  }
  if (node.end !== null) throw new Error(`${pattern.method} ${path} means the same as another route`);
  node.end = leaf;
}

function literalBelow<Target>(node: Node<Target>, segment: string): Node<Target> {
  const below = node.literals.get(segment) ?? makeNode<Target>();
  node.literals.set(segment, below);
  return below;
}

function parameterBelow<Target>(node: Node<Target>): Node<Target> {
  node.parameter ??= makeNode<Target>();
  return node.parameter;
}

/** Goes back and tries the less specific branch where a more specific one leads nowhere. */
function find<Target>(
  node: Node<Target>,
  path: string,
  at: { readonly from: number; readonly values: string[] },
): Leaf<Target> | null {
  const { from, values } = at;
  const slash = path.indexOf('/', from);
  const segment = slash === -1 ? path.slice(from) : path.slice(from, slash);

  const literal = node.literals.get(segment);
  if (literal !== undefined) {
    const leaf = slash === -1 ? literal.end : find(literal, path, { from: slash + 1, values });
    if (leaf !== null) return leaf;
  }
  if (node.parameter !== null && segment !== '') {
    values.push(segment);
    const leaf = slash === -1 ? node.parameter.end : find(node.parameter, path, { from: slash + 1, values });
    if (leaf !== null) return leaf;
    values.pop();
  }
  if (node.rest !== null) values.push(path.slice(from));
  return node.rest;
}

/**
 * Percent-decodes one raw value, once. Throws `invalid-parameter` (part `path`) for broken percent-encoding and for what
 * is not UTF-8.
 */
export function decodeRawSegment(raw: string): string {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch (cause) {
    throw new SluiceError('invalid-parameter', `'${raw.slice(0, 200)}' is not a valid url component`, {
      facts: { part: 'path' },
      cause,
    });
  }
}
