/**
 * The tables of test/policies/tables as values: per policy set, who does what on what, and the verdict. Read from YAML
 * and held to table.schema.json, so that a misspelt key cannot lose an expectation.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import type { Caller } from '../../src/domain/caller.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { ALICE, ANON, BOB, SERVICE, user } from '../support/scopes.ts';

export type Person =
  | 'anon'
  | 'alice'
  | 'bob'
  | 'carol'
  | 'service'
  | 'staff'
  | 'banned'
  | 'banned staff'
  | 'unverified'
  | "alice's session for all"
  | "alice's adder"
  | "alice's reader"
  | "alice's changer"
  | "alice's keeper"
  | "alice's rearranger"
  | "staff's keeper"
  | "staff's rearranger"
  | "staff's reader"
  | "staff's changer"
  | 'admin'
  | 'admin of one'
  | 'banned admin'
  | "admin's adder"
  | "admin's changer"
  | "admin's reader"
  | "admin's keeper";

/** `left-out`: no error, but the answer says nothing of it. */
export type Verdict = 'allowed' | 'left-out' | ErrorCode;

export interface Row {
  readonly who: Person;
  readonly does: string;
  readonly what: string;
  readonly to?: string;
  readonly verdict: Verdict;
}

export interface TableBucket {
  readonly id: string;
  readonly owner?: Person;
  readonly absent?: true;
  readonly public?: true;
  readonly covered?: false;
  readonly sizeLimit?: number;
  readonly types?: readonly string[];
}

export interface TableObject {
  readonly name: string;
  readonly in?: string;
  readonly by?: Person;
  readonly spent?: true;
}

export interface PolicyTable {
  readonly set: string;
  readonly sentence: string;
  readonly buckets: Readonly<Record<string, TableBucket>>;
  readonly objects: Readonly<Record<string, TableObject>>;
  readonly rows: readonly Row[];
}

/** Where an object lies, or would lie. */
export interface Address {
  readonly bucket: string;
  readonly name: string;
}

const CAROL = 'ca201000-0000-4000-8000-000000000003';
const DAVE = 'da5e0000-0000-4000-8000-000000000004';
const ADM = 'ad300000-0000-4000-8000-000000000006';
const UNA = '04a00000-0000-4000-8000-000000000007';
const STF = '57ff0000-0000-4000-8000-000000000005';

/** Alice and Carol are of team red, Bob is of team blue; Alice is an auditor. Who does not care sees users with names. */
export const CLAIMS: Readonly<Record<Person, Readonly<Record<string, unknown>>>> = {
  anon: {},
  alice: { username: 'alice', team: 'red', app_role: 'auditor' },
  bob: { username: 'bob', team: 'blue' },
  carol: { username: 'carol', team: 'red' },
  service: {},
  staff: { staff: true, second_factor: true },
  banned: { username: 'alice', banned: true },
  'banned staff': { staff: true, banned: true },
  unverified: { verified: false },
  "alice's session for all": { username: 'alice', scopes: 1 },
  "alice's adder": { username: 'alice', scopes: 2 },
  "alice's reader": { username: 'alice', scopes: 128 },
  "alice's changer": { username: 'alice', scopes: 256 },
  "alice's keeper": { username: 'alice', scopes: 2 + 128 + 256 },
  "alice's rearranger": { username: 'alice', scopes: 128 + 256 },
  "staff's keeper": { staff: true, scopes: 2 + 32768 + 65536 },
  "staff's rearranger": { staff: true, scopes: 32768 + 65536 },
  "staff's reader": { staff: true, scopes: 32768 },
  "staff's changer": { staff: true, scopes: 65536 },
  admin: { admin: true, backend: 'default' },
  'admin of one': { admin: true, backend: 'one' },
  'banned admin': { admin: true, backend: 'default', banned: true },
  "admin's adder": { admin: true, backend: 'default', scopes: 2 },
  "admin's changer": { admin: true, backend: 'default', scopes: 256 },
  "admin's reader": { admin: true, backend: 'default', scopes: 128 },
  "admin's keeper": { admin: true, backend: 'default', scopes: 2 + 256 },
};

export const SUBJECTS: Readonly<Record<Person, string | null>> = {
  anon: null,
  alice: ALICE,
  bob: BOB,
  carol: CAROL,
  service: null,
  staff: STF,
  banned: ALICE,
  'banned staff': STF,
  unverified: DAVE,
  "alice's session for all": ALICE,
  "alice's adder": ALICE,
  "alice's reader": ALICE,
  "alice's changer": ALICE,
  "alice's keeper": ALICE,
  "alice's rearranger": ALICE,
  "staff's keeper": STF,
  "staff's rearranger": STF,
  "staff's reader": STF,
  "staff's changer": STF,
  admin: ADM,
  'admin of one': UNA,
  'banned admin': ADM,
  "admin's adder": ADM,
  "admin's changer": ADM,
  "admin's reader": ADM,
  "admin's keeper": ADM,
};

export function callerOf(who: Person): Caller {
  const subject = SUBJECTS[who];
  if (subject !== null) return user(subject, CLAIMS[who]);
  return who === 'anon' ? ANON : SERVICE;
}

export const TABLES_FOLDER = join(__dirname, 'tables');

/** Every table, unchecked, by file name. */
export function readTables(): ReadonlyMap<string, PolicyTable> {
  const files = readdirSync(TABLES_FOLDER).filter(file => file.endsWith('.yaml'));
  return new Map(files.map(file => [file, parse(readFileSync(join(TABLES_FOLDER, file), 'utf8')) as PolicyTable]));
}

/** The tables, each valid. Throws with what is wrong with the first that is not. */
export function loadTables(): readonly PolicyTable[] {
  const findings = makeTableCheck();
  return [...readTables()].map(([file, table]) => {
    const [finding] = findings(table);
    if (finding !== undefined) throw new Error(`${file}: ${finding}`);
    return table;
  });
}

interface TableSchema {
  readonly properties: {
    readonly rows: { readonly items: { readonly properties: { readonly does: { readonly enum: readonly string[] } } } };
  };
}

export function readTableSchema(): TableSchema {
  return JSON.parse(readFileSync(join(TABLES_FOLDER, 'table.schema.json'), 'utf8')) as TableSchema;
}

/** Says what is wrong with a table; nothing for a valid one. */
export function makeTableCheck(): (table: unknown) => readonly string[] {
  const validate = new Ajv2020({ allErrors: true, strict: true }).compile(readTableSchema());
  return table => {
    validate(table);
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      [instancePath, message, JSON.stringify(params)].join(' '),
    );
  };
}

/** The row as a sentence. */
export function titleOf({ who, does, what, to, verdict }: Row): string {
  return `${who} ${does} ${what}${to === undefined ? '' : ` to ${to}`} → ${verdict}`;
}

export function objectIn(table: PolicyTable, phrase: string | undefined): Address {
  const object = table.objects[phrase ?? ''];
  if (object === undefined) throw new Error(`${table.set}: no object is called "${phrase}"`);
  const name = object.name.replace(/\{(\w+)\}/g, (_, who: Person) => SUBJECTS[who] ?? who);
  return { bucket: bucketIn(table, object.in ?? Object.keys(table.buckets)[0]).id, name };
}

export function bucketIn(table: PolicyTable, phrase: string | undefined): TableBucket {
  const bucket = table.buckets[phrase ?? ''];
  if (bucket === undefined) throw new Error(`${table.set}: no bucket is called "${phrase}"`);
  return bucket;
}

const ON_BUCKETS: ReadonlySet<string> = new Set([
  'creates',
  'reads',
  'finds among all buckets',
  'updates',
  'empties',
  'removes',
  'revokes all links into',
]);

const READS: ReadonlySet<string> = new Set([
  'downloads',
  'heads',
  'inspects',
  'lists',
  'pages to',
  'signs',
  'signs among others',
  'asks for an upload link to',
  'reads',
  'finds among all buckets',
  'enters',
  'views',
  'views in a public folder',
  'has the permit',
]);

/** Whether the bucket API has nothing of the kind; its own doors ask for it, with more than a policy in the way. */
export function isBelowHttp({ does }: Row): boolean {
  return does === 'has the permit' || does === 'views in a public folder';
}

export function isOnBucket(row: Row): boolean {
  return ON_BUCKETS.has(row.does);
}

/** Whether the verb, allowed, leaves rows and bytes as they are. */
export function isReading(row: Row): boolean {
  return READS.has(row.does);
}
