import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { loadContract } from '../../../src/contract/contract.ts';
import type { MediaType } from '../../../src/contract/openapi-document.ts';
import { makeExactChecks } from '../../../src/contract/schema-checks.ts';
import { parseBucketName } from '../../../src/domain/names.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { OPENAPI_RULES } from './openapi-rules.ts';

const contract = loadContract(readFileSync(join(packageRoot(), 'openapi.yaml'), 'utf8'));
const written = JSON.parse(contract.json) as Record<string, Record<string, Record<string, unknown>>>;
const operations = [...contract.operations.values()];
const named = operations.map(operation => [operation.id, operation] as const);
const makeCheck = makeExactChecks();

const BUCKET_API_FORM = ['statusCode', 'error', 'message', 'code'];
/** What every refusal of an API has, by its tag; a bare JSON string, as the storage tree's, has no members. */
const ERROR_FORMS: Readonly<Record<string, readonly string[]>> = {
  supabase: BUCKET_API_FORM,
  service: BUCKET_API_FORM,
  zipline: ['error', 'code'],
  spacedog: ['success', 'status', 'error'],
  cumulonimbus: ['code', 'message'],
};

function examplesOf(media: MediaType): unknown[] {
  const several = Object.values(media.examples ?? {}).map(({ value }) => value);
  return 'example' in media ? [media.example, ...several] : several;
}

describe('openapi.yaml', () => {
  it('follows the rules of OpenAPI 3.1', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    ajv.validate(OPENAPI_RULES, JSON.parse(contract.json));
    expect(ajv.errors ?? []).toEqual([]);
  });

  it('describes schemas of JSON Schema 2020-12 only', () => {
    const { schemas } = contract.document.components;
    for (const [name, schema] of Object.entries(schemas)) expect(() => makeCheck(name, schema)).not.toThrow();
  });

  it('uses every component it has', () => {
    const { securitySchemes: _, ...referable } = written.components ?? {};
    const unused = Object.entries(referable).flatMap(([kind, components]) =>
      Object.keys(components)
        .map(name => `#/components/${kind}/${name}`)
        .filter(pointer => !contract.json.includes(`"${pointer}"`)),
    );
    expect(unused).toEqual([]);
  });

  it('names every operation', () => {
    expect(operations.map(({ id, method, path }) => `${id} ${method} ${path}`).sort()).toMatchInlineSnapshot(`
[
  "actOnTree POST /storage/{user}/{wildcard}",
  "addFileToFolder POST /api/user/folders/{folderId}",
  "beginMyTotp POST /api/users/me/2fa/totp",
  "clearKillSwitch DELETE /api/killswitches/{switchId}",
  "clearKillSwitches DELETE /api/killswitches",
  "commitDirectUpload POST /object/upload/commit/{bucketName}/{wildcard}",
  "confirmMyTotp POST /api/users/me/2fa/totp/confirm",
  "copyObject POST /object/copy",
  "createBucket POST /bucket/",
  "createUploadLink POST /object/upload/sign/{bucketName}/{wildcard}",
  "createUserFolder POST /api/user/folders",
  "deleteAllMyFiles DELETE /api/users/me/files/all",
  "deleteAllUsersFiles DELETE /api/users/{uid}/files/all",
  "deleteAnyFiles DELETE /api/files",
  "deleteBackendFiles DELETE /1/file/{wildcard}",
  "deleteBackendRoot DELETE /1/file",
  "deleteBucket DELETE /bucket/{bucketId}",
  "deleteFromTree DELETE /storage/{user}/{wildcard}",
  "deleteMyFile DELETE /api/users/me/files/{fileId}",
  "deleteMyFiles DELETE /api/users/me/files",
  "deleteObject DELETE /object/{bucketName}/{wildcard}",
  "deleteObjects DELETE /object/{bucketName}",
  "deleteUserFiles DELETE /api/user/files",
  "deleteUsersFile DELETE /api/users/{uid}/files/{fileId}",
  "deleteUsersFiles DELETE /api/users/{uid}/files",
  "docs GET /docs",
  "emptyBucket POST /bucket/{bucketId}/empty",
  "endMySession DELETE /api/users/me/sessions/{sessionId}",
  "favorUserFile PATCH /api/user/files",
  "getAuthenticatedObject GET /object/authenticated/{bucketName}/{wildcard}",
  "getAuthenticatedObjectInfo GET /object/info/authenticated/{bucketName}/{wildcard}",
  "getBucket GET /bucket/{bucketId}",
  "getObject GET /object/{bucketName}/{wildcard}",
  "getObjectInfo GET /object/info/{bucketName}/{wildcard}",
  "getPublicObject GET /object/public/{bucketName}/{wildcard}",
  "getPublicObjectInfo GET /object/info/public/{bucketName}/{wildcard}",
  "getSignedObject GET /object/sign/{bucketName}/{wildcard}",
  "headAuthenticatedObject HEAD /object/authenticated/{bucketName}/{wildcard}",
  "headAuthenticatedObjectInfo HEAD /object/info/authenticated/{bucketName}/{wildcard}",
  "headBackendFile HEAD /1/file/{wildcard}",
  "headBackendRoot HEAD /1/file",
  "headObject HEAD /object/{bucketName}/{wildcard}",
  "headObjectInfo HEAD /object/info/{bucketName}/{wildcard}",
  "headPublicObject HEAD /object/public/{bucketName}/{wildcard}",
  "headPublicObjectInfo HEAD /object/info/public/{bucketName}/{wildcard}",
  "headRawUpload HEAD /r/{wildcard}",
  "headSignedObject HEAD /object/sign/{bucketName}/{wildcard}",
  "headTree HEAD /storage/{user}/{wildcard}",
  "headUpload HEAD /u/{wildcard}",
  "health GET /health",
  "listAllFiles GET /api/files",
  "listBuckets GET /bucket/",
  "listKillSwitches GET /api/killswitches",
  "listMyFiles GET /api/users/me/files",
  "listMySessions GET /api/users/me/sessions",
  "listObjects POST /object/list/{bucketName}",
  "listObjectsV2 POST /object/list-v2/{bucketName}",
  "listUserFiles GET /api/user/files",
  "listUserFolders GET /api/user/folders",
  "listUsersFiles GET /api/users/{uid}/files",
  "logIn POST /auth/login",
  "metrics GET /metrics",
  "moveObject POST /object/move",
  "nameMyFile PUT /api/users/me/files/{fileId}/name",
  "nameUsersFile PUT /api/users/{uid}/files/{fileId}/name",
  "openMySession POST /api/users/me/sessions",
  "openapi GET /openapi.json",
  "pageUserFiles GET /api/user/paged",
  "publishUserFolder PATCH /api/user/folders/{folderId}",
  "readAnyFile GET /api/files/{fileId}",
  "readBackendFile GET /1/file/{wildcard}",
  "readBackendRoot GET /1/file",
  "readMyFile GET /api/users/me/files/{fileId}",
  "readTree GET /storage/{user}/{wildcard}",
  "readUserFolder GET /api/user/folders/{folderId}",
  "readUsersFile GET /api/users/{uid}/files/{fileId}",
  "ready GET /ready",
  "removeFromFolder DELETE /api/user/folders/{folderId}",
  "removeMyTotp DELETE /api/users/me/2fa/totp",
  "replaceObject PUT /object/{bucketName}/{wildcard}",
  "retypeMyFile PUT /api/users/me/files/{fileId}/extension",
  "retypeUsersFile PUT /api/users/{uid}/files/{fileId}/extension",
  "revokeBucketLinks DELETE /object/sign/{bucketName}",
  "revokeObjectLinks DELETE /object/sign/{bucketName}/{wildcard}",
  "setKillSwitch PUT /api/killswitches/{switchId}",
  "signIn POST /api/login",
  "signObject POST /object/sign/{bucketName}/{wildcard}",
  "signObjects POST /object/sign/{bucketName}",
  "status GET /status",
  "unnameMyFile DELETE /api/users/me/files/{fileId}/name",
  "unnameUsersFile DELETE /api/users/{uid}/files/{fileId}/name",
  "updateBucket PUT /bucket/{bucketId}",
  "uploadFile POST /api/upload",
  "uploadObject POST /object/{bucketName}/{wildcard}",
  "uploadToLink PUT /object/upload/sign/{bucketName}/{wildcard}",
  "uploadToTree PUT /storage/{user}/{wildcard}",
  "version GET /version",
  "viewPublicFolder GET /folder/{folderId}",
  "viewRawUpload GET /r/{wildcard}",
  "viewUpload GET /u/{wildcard}",
  "writeBackendFile PUT /1/file/{wildcard}",
  "writeBackendRoot PUT /1/file",
]
`);
  });

  it('reserves as bucket names the words that its paths use', () => {
    const words = Object.keys(contract.document.paths).map(path => /^\/object\/([\w-]+)/.exec(path)?.[1]);
    for (const word of new Set(words)) {
      if (word !== undefined) expect(() => parseBucketName(word)).toThrow('Bucket name invalid');
    }
  });
});

describe.each(named)('%s', (id, operation) => {
  const { described, method, path, tag } = operation;

  it('declares exactly the parameters of its path', () => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = (described.parameters ?? []).filter(parameter => parameter.in === 'path');
    expect(declared.map(({ name }) => name)).toEqual(inPath);
    expect(path.endsWith('/{wildcard}')).toBe(operation.wildcard === 'wildcard');
  });

  it('has checks that compile', () => {
    for (const check of Object.values(operation.checks)) expect(() => check({})).not.toThrow();
  });

  it('has a success and its errors', () => {
    const statuses = Object.keys(described.responses);
    expect(statuses.some(status => /^20[01]$/.test(status))).toBe(true);
    expect(statuses).toContain('5XX');
    if (tag !== 'service') expect(statuses).toEqual(expect.arrayContaining(['400', '503']));
    if (operation.bodyKind !== 'unread') expect(statuses).toContain('413');
  });

  it('has no bodies on HEAD, and the error form on every other refusal', () => {
    for (const [status, reply] of Object.entries(described.responses)) {
      if (method === 'HEAD') expect(reply.content).toBeUndefined();
      else if (/^[45]/.test(status) && !(id === 'ready' && status === '503')) {
        expect(reply.content?.['application/json']?.schema.required).toEqual(ERROR_FORMS[tag]);
      }
    }
  });

  it('has examples that fit', () => {
    for (const { name, schema, example } of described.parameters ?? []) {
      expect(makeCheck(name, schema)(example)).toBeNull();
    }
    const replies = Object.values(described.responses).flatMap(({ content }) => Object.values(content ?? {}));
    for (const media of [...Object.values(described.requestBody?.content ?? {}), ...replies]) {
      const examples = examplesOf(media);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(makeCheck('example', media.schema)(example)).toBeNull();
    }
  });
});

describe('reading the contract', () => {
  const text = (paths: string) => `openapi: 3.1.0\npaths:\n${paths}`;
  const get = (id: string) => `{ get: { operationId: ${id}, tags: [a], security: [], responses: {} } }`;

  it.each([
    ['an operation id used twice', text(`  /a: ${get('x')}\n  /b: ${get('x')}`), 'x is used twice'],
    ['a reference to nothing', text("  /a: { $ref: '#/components/a' }"), 'leads nowhere'],
    ['a reference to itself', text("  /a: { $ref: '#/paths/~1a' }"), 'leads back to itself'],
    ['broken YAML', 'paths: [', 'Flow sequence'],
  ])('refuses %s', (_case, yaml, message) => {
    expect(() => loadContract(yaml)).toThrow(message);
  });

  it('reads the same from the JSON that a build makes of the YAML', () => {
    const again = loadContract(contract.json);
    expect(again.json).toBe(contract.json);
    expect(again.document).toEqual(contract.document);
    expect(again.operations.size).toBe(contract.operations.size);
  });

  it('tells apart required, optional and no credentials', () => {
    const required = (id: string) => contract.operations.get(id)?.requiresAuthorization;
    expect([required('createBucket'), required('getObject'), required('getPublicObject')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('tells apart JSON bodies, optional ones and bytes', () => {
    const kind = (id: string) => contract.operations.get(id)?.bodyKind;
    expect([kind('signObject'), kind('emptyBucket'), kind('uploadObject'), kind('getObject')]).toEqual([
      'json',
      'optional-json',
      'unread',
      'unread',
    ]);
  });
});

describe('validating a reply', () => {
  const refusal = { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' };

  it.each([
    ['getObject', 418, 'application/json', refusal, 'getObject: status 418 is not described'],
    ['getBucket', 200, 'application/json', { id: 'a' }, "getBucket: reply must have required property 'name'"],
    ['getBucket', 200, 'text/plain', 'x', 'getBucket: a 200 is not text/plain'],
    ['getBucket', 400, null, null, 'getBucket: a 400 is not without a content type'],
    [
      'getBucket',
      400,
      'application/json',
      { ...refusal, statusCode: 404 },
      'getBucket: reply/statusCode must be string',
    ],
    ['headObject', 400, 'application/json', refusal, 'headObject: a 400 has no body'],
    ['getObject', 304, null, 'bytes', 'getObject: a 304 has no body'],
    [
      'uploadObject',
      200,
      'application/json',
      { Id: '7', Key: 'a/b' },
      'uploadObject: reply/Id must match format "uuid"',
    ],
  ])('%s %d %s %j finds the fault', (id, status, type, body, finding) => {
    expect(contract.validateResponse(id, status, type, body).join()).toContain(finding);
  });

  it('refuses an operation that does not exist', () => {
    expect(() => contract.validateResponse('fly', 200, null, null)).toThrow('the contract has no operation fly');
  });

  it.each([
    ['getBucket', 404, 'application/json; charset=utf-8', refusal],
    ['getBucket', 544, 'application/json', { ...refusal, statusCode: '544' }],
    ['getObject', 200, 'image/png', 'bytes'],
    ['getObject', 304, null, ''],
    ['headObject', 404, 'application/json', null],
    ['status', 200, null, ''],
    ['createBucket', 200, 'application/json', { name: 'avatars' }],
  ])('%s %d %s %j is as described', (id, status, type, body) => {
    expect(contract.validateResponse(id, status, type, body)).toEqual([]);
  });
});
