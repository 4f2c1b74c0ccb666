/**
 * Compiles JSON schemas (2020-12) into checks that say in words what is wrong. Checks of requests coerce and fill in
 * defaults in place; checks of replies change nothing. A schema is compiled at its first use.
 */
import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Schema } from './openapi-document.ts';

/** What is wrong with a value. */
export interface Finding {
  /** One clause for each thing that is wrong. */
  readonly message: string;
  /** The properties of the value that are missing or wrong, each once. */
  readonly fields: readonly string[];
}

/** Null when the value is fine. */
export type Check = (value: unknown) => Finding | null;

/** Makes a check; `part` is the word that its messages begin with, such as `body`. */
export type CheckMaker = (part: string, schema: Schema) => Check;

// Without strictRequired, which refuses the idiom "at least one of these": required properties named inside anyOf.
const STRICT: Options = { strict: true, strictTypes: true, strictRequired: false, allowUnionTypes: true };

/** Strings are accepted for numbers and booleans, defaults are filled in, unknown properties stay and are ignored. */
export function makeRequestChecks(): CheckMaker {
  // Ajv takes the text "Infinity" for an integer, and spares it every bound unless numbers are taken as they are.
  return makeChecks({ ...STRICT, coerceTypes: true, useDefaults: true, strictNumbers: false });
}

/** Every finding is reported, nothing is coerced. For replies, and for bodies that must be exactly what they say. */
export function makeExactChecks(): CheckMaker {
  return makeChecks({ ...STRICT, allErrors: true });
}

function makeChecks(options: Options): CheckMaker {
  const ajv = new Ajv2020({ ...options, verbose: true }); // errors bring the schema that they are of
  ajv.addFormat('date-time', fullFormats['date-time']);
  ajv.addFormat('uuid', fullFormats.uuid);
  const checks = new Map<string, Check>();

  return (part, schema) => {
    // Operations share many schemas, and a process serves few of them in its first second: each is compiled once, at its
    // first use.
    const key = `${part} ${JSON.stringify(schema)}`;
    const known = checks.get(key);
    if (known !== undefined) return known;
    let validate: ValidateFunction | null = null;
    const check = (value: unknown) => {
      validate ??= ajv.compile(schema);
      return validate(value) ? null : findingOf(part, validate.errors ?? []);
    };
    checks.set(key, check);
    return check;
  };
}

/** A long list of wrong items is not told to its end. */
const MAX_CLAUSES = 20;

function findingOf(part: string, errors: readonly ErrorObject[]): Finding {
  const told = errors.slice(0, MAX_CLAUSES);
  return {
    message: told.map(error => `${part}${error.instancePath} ${wordsOf(error)}`).join(', '),
    fields: [...new Set(errors.map(fieldOf))].filter(field => field !== ''),
  };
}

/** A list of values and a pattern are told with what they are, because neither says it by itself. */
function wordsOf({ message = 'is invalid', keyword, params, parentSchema }: ErrorObject): string {
  const { allowedValues } = params as { allowedValues?: readonly unknown[] };
  if (allowedValues !== undefined) return `${message}: ${allowedValues.join(', ')}`;
  const description = keyword === 'pattern' ? (parentSchema?.description as string | undefined) : undefined;
  return description === undefined ? message : `${message} (${description.replace(/\.$/, '')})`;
}

function fieldOf({ instancePath, params }: ErrorObject): string {
  return instancePath.split('/')[1] ?? String((params as { missingProperty?: string }).missingProperty ?? '');
}
