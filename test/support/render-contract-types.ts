/**
 * Renders `src/contract/types.generated.ts`: what handlers receive as body and query, in TypeScript. Knows the keywords
 * that openapi.yaml uses in requests and throws on any other shape.
 */
import type { Contract } from '../../src/contract/contract.ts';
import type { Parameter, Schema } from '../../src/contract/openapi-document.ts';

const HEADER = `/**
 * Bodies and queries by operation id, as handlers receive them: coerced, defaults filled in. Made from openapi.yaml by
 * \`node --import ./test/support/run-typescript.mjs test/support/write-contract-types.ts\`; a test compares the two.
 */
// biome-ignore-all format: generated`;

export function renderContractTypes(contract: Contract): string {
  const operations = [...contract.operations.values()];
  const bodies = operations.flatMap(({ id, bodyKind, described }) => {
    const schema = described.requestBody?.content['application/json']?.schema;
    if (bodyKind === 'unread' || schema === undefined) return [];
    return [`  readonly ${id}: ${typeOf(schema, '  ')}${bodyKind === 'optional-json' ? ' | undefined' : ''};`];
  });
  const queries = operations.flatMap(({ id, described }) => {
    const parameters = (described.parameters ?? []).filter(parameter => parameter.in === 'query');
    return parameters.length === 0 ? [] : [`  readonly ${id}: ${typeOf(schemaOf(parameters), '  ')};`];
  });
  return `${[HEADER, '', asInterface('RequestBodies', bodies), '', asInterface('RequestQueries', queries)].join('\n')}\n`;
}

function asInterface(name: string, lines: readonly string[]): string {
  return [`export interface ${name} {`, ...lines, '}'].join('\n');
}

function schemaOf(parameters: readonly Parameter[]): Schema {
  return {
    type: 'object',
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  };
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.type === undefined) return 'unknown';
  if (Array.isArray(schema.enum)) return schema.enum.map(word => `'${word}'`).join(' | ');
  return [schema.type]
    .flat()
    .map(type => singleType(String(type), schema, indent))
    .join(' | ');
}

function singleType(type: string, schema: Schema, indent: string): string {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'integer':
      return 'number';
    case 'array':
      return `readonly ${typeOf(schema.items as Schema, indent)}[]`;
    case 'object':
      return objectType(schema, indent);
    default:
      throw new Error(`no TypeScript type is known for ${JSON.stringify(schema)}`);
  }
}

function objectType(schema: Schema, indent: string): string {
  const required = (schema.required as readonly string[] | undefined) ?? [];
  const properties = Object.entries((schema.properties as Readonly<Record<string, Schema>> | undefined) ?? {});
  if (properties.length === 0) return 'Readonly<Record<string, unknown>>';
  const lines = properties.map(([name, property]) => {
    const given = required.includes(name) || 'default' in property;
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
    return `${indent}  readonly ${key}${given ? '' : '?'}: ${typeOf(property, `${indent}  `)};`;
  });
  return ['{', ...lines, `${indent}}`].join('\n');
}
