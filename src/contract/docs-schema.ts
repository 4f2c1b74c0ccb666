/** A JSON schema in words, as rows of a table: one row for each property, however deep. */
import type { Schema } from './openapi-document.ts';

export interface SchemaRow {
  /** Dotted; `[]` stands for every item of a list. Empty for the value itself. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** The rows of an object's or a list's properties; one unnamed row for anything else. */
export function rowsOf(schema: Schema): SchemaRow[] {
  const rows = rowsBelow(schema, '');
  return rows.length > 0 ? rows : [{ name: '', type: typeOf(schema), required: true, description: noteOf(schema) }];
}

function rowsBelow(schema: Schema, prefix: string): SchemaRow[] {
  const items = schema.items as Schema | undefined;
  const parts = (schema.allOf as readonly Schema[] | undefined) ?? [];
  const required = (schema.required as readonly string[] | undefined) ?? [];
  const properties = (schema.properties as Readonly<Record<string, Schema>> | undefined) ?? {};
  return [
    ...parts.flatMap(part => rowsBelow(part, prefix)),
    ...(items === undefined ? [] : rowsBelow(items, `${prefix}[].`)),
    ...Object.entries(properties).flatMap(([key, property]) => {
      const name = `${prefix}${key}`;
      const row = { name, type: typeOf(property), required: required.includes(key), description: noteOf(property) };
      return [row, ...rowsBelow(property, `${name}.`)];
    }),
  ].map(row => ({ ...row, name: row.name.replaceAll('.[]', '[]') }));
}

/** The type, or the words allowed. */
export function typeOf(schema: Schema): string {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map(word => JSON.stringify(word)).join(' | ');
  const types = [schema.type ?? 'any'].flat().map(String);
  const items = schema.items as Schema | undefined;
  const text = types.join(' | ').replace('array', items === undefined ? 'array' : `array of ${typeOf(items)}`);
  return typeof schema.format === 'string' ? `${text} (${schema.format})` : text;
}

/** The description, then the limits. */
function noteOf(schema: Schema): string {
  const limits = LIMITS.flatMap(([keyword, say]) => (keyword in schema ? [say(schema[keyword])] : []));
  const description = typeof schema.description === 'string' ? schema.description : '';
  return [description, limits.length === 0 ? '' : `(${limits.join(', ')})`].filter(Boolean).join(' ');
}

const LIMITS: readonly [string, (value: unknown) => string][] = [
  ['default', value => `default \`${JSON.stringify(value)}\``],
  ['minimum', value => `at least ${value}`],
  ['maximum', value => `at most ${value}`],
  ['minLength', value => `at least ${counted(value, 'character')}`],
  ['maxLength', value => `at most ${counted(value, 'character')}`],
  ['minItems', value => `at least ${counted(value, 'item')}`],
  ['maxItems', value => `at most ${counted(value, 'item')}`],
];

function counted(value: unknown, noun: string): string {
  return `${value} ${noun}${value === 1 ? '' : 's'}`;
}
