/** A gateway whose bucket `uploads` is open to its users, and what tests put into it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type FileRecord, UPLOADS_BUCKET } from '../../src/domain/files.ts';
import { putObject } from '../../src/operations/put-object.ts';
import { type Call, type CallReply, makeCall } from './call.ts';
import { type Gateway, type GatewayOptions, PACKAGE_ROOT, startGateway, tokenFor } from './gateway.ts';
import { PLAIN_RECORD } from './plain-record.ts';
import { ALICE, BOB, STAFF, scopeOf, user } from './scopes.ts';

/** Alice's account has the number 1, Bob's 2. */
export const ALICE_TOKEN = tokenFor('authenticated', ALICE, { account_id: 1, username: 'alice' });
export const BOB_TOKEN = tokenFor('authenticated', BOB, { account_id: 2, username: 'bob' });

/** A member of the staff, whose account has the number 3. */
export const STAFF_TOKEN = tokenFor('authenticated', STAFF, { account_id: 3, username: 'stf', staff: true });

export interface UploadsGateway {
  readonly gateway: Gateway;
  readonly call: Call;
}

export async function startUploads(options: GatewayOptions = {}): Promise<UploadsGateway> {
  const gateway = await startGateway(options);
  if (options.beside === undefined) {
    await gateway.db.sql(`insert into storage.buckets (id, name) values ('uploads', 'uploads')`);
    await gateway.db.sql(readFileSync(join(PACKAGE_ROOT, 'policies', 'uploads.sql'), 'utf8'));
  }
  return { gateway, call: makeCall(gateway.url) };
}

export interface FileToPut extends Partial<FileRecord> {
  readonly owner?: string;
  readonly text?: string;
  readonly type?: string;
}

/** Stores a file as its owner, Alice unless said otherwise; gives its number. */
export async function putFile(gateway: Gateway, name: string, file: FileToPut = {}): Promise<number> {
  const { owner = ALICE, text = `the bytes of ${name}`, type = 'text/plain', ...record } = file;
  const { fileId } = await putObject(gateway.app.core, scopeOf(user(owner), { operation: 'uploads.upload' }), {
    bucket: UPLOADS_BUCKET,
    name,
    body: Readable.from([Buffer.from(text)]),
    sizeBytes: Buffer.byteLength(text),
    facts: { contentType: type, cacheControl: 'no-cache', userMetadata: {}, robots: null },
    upsert: false,
    record: { ...PLAIN_RECORD, ...record },
  });
  if (fileId === undefined) throw new Error('the file has no record');
  return fileId;
}

/** Makes a folder over HTTP; gives its number. */
export async function makeFolder(call: Call, token: string, folder: object = { name: 'test' }): Promise<number> {
  const { json } = await call('POST', '/api/user/folders', { token, json: folder });
  return (json as { id: number }).id;
}

/** Status and body of a refusal of API 001, which are one. */
export function refused({ status, json }: CallReply): unknown {
  const { code, error, ...rest } = json as { code: number; error: string };
  return code === status && Object.keys(rest).length === 0 ? [status, error] : json;
}
