/**
 * The rules of OpenAPI 3.1 for the objects that `openapi.yaml` uses, as a JSON schema without unknown keys, so that a
 * misspelt key is an error and not a silent extension.
 */
const text = { type: 'string', minLength: 1 };
const map = (of: object) => ({ type: 'object', additionalProperties: of });
const orReference = (of: object) => ({ anyOf: [reference, of] });
const reference = object({ $ref: { type: 'string', pattern: '^#/components/\\w+/\\w+$' } }, ['$ref']);

function object(properties: Record<string, object | true>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

const schema = { type: 'object' };
const example = object({ summary: text, value: true }, ['summary', 'value']);
const mediaType = {
  ...object({ schema, example: true, examples: { ...map(example), minProperties: 1 } }, ['schema']),
  oneOf: [{ required: ['example'] }, { required: ['examples'] }],
};
const content = { ...map(mediaType), propertyNames: { pattern: '^[\\w.+*-]+/[\\w.+*-]+$' }, minProperties: 1 };
const header = object({ description: text, schema, example: true }, ['description', 'schema', 'example']);
const parameter = {
  ...object(
    {
      name: text,
      in: { enum: ['path', 'query', 'header'] },
      required: { type: 'boolean' },
      description: text,
      schema,
      example: true,
      'x-wildcard': { const: true },
    },
    ['name', 'in', 'description', 'schema', 'example'],
  ),
  anyOf: [
    // Always required (OpenAPI 3.1 §4.8.12.2).
    { required: ['required'], properties: { in: { const: 'path' }, required: { const: true } } },
    { properties: { in: { const: 'query' } } },
    // These three headers are never parameters (ibid.).
    { properties: { in: { const: 'header' }, name: { not: { enum: ['accept', 'content-type', 'authorization'] } } } },
  ],
};
const requestBody = object({ description: text, required: { type: 'boolean' }, 'x-exact': { const: true }, content }, [
  'content',
]);
const reply = object({ description: text, headers: map(orReference(header)), content }, ['description']);
const parameters = { type: 'array', items: orReference(parameter), minItems: 1, uniqueItems: true };
const servers = { type: 'array', items: object({ url: text, description: text }, ['url']), minItems: 1 };

const operation = object(
  {
    operationId: { type: 'string', pattern: '^[a-z][A-Za-z0-9]*$' },
    tags: {
      type: 'array',
      items: { enum: ['supabase', 'bulgur', 'zipline', 'spacedog', 'cumulonimbus', 'service'] },
      minItems: 1,
      maxItems: 1,
    },
    summary: text,
    description: text,
    security: { type: 'array', items: object({ bearer: { const: [] }, basic: { const: [] } }) },
    parameters,
    requestBody: orReference(requestBody),
    responses: {
      type: 'object',
      propertyNames: { pattern: '^([1-5]\\d\\d|[1-5]XX)$' },
      additionalProperties: orReference(reply),
      minProperties: 1,
    },
  },
  ['operationId', 'tags', 'summary', 'description', 'security', 'responses'],
);

const pathItem = object({
  'x-slash-optional': { const: true },
  servers,
  parameters,
  get: operation,
  head: operation,
  post: operation,
  put: operation,
  patch: operation,
  delete: operation,
});

export const OPENAPI_RULES = object(
  {
    openapi: { const: '3.1.0' },
    info: object({ title: text, version: text, summary: text, description: text }, ['title', 'version']),
    servers,
    tags: { type: 'array', items: object({ name: text, description: text }, ['name']) },
    paths: { type: 'object', propertyNames: { pattern: '^/' }, additionalProperties: pathItem },
    components: object({
      securitySchemes: map({ type: 'object', required: ['type', 'scheme'] }),
      parameters: map(parameter),
      headers: map(header),
      requestBodies: map(requestBody),
      responses: map(reply),
      schemas: map(schema),
    }),
  },
  ['openapi', 'info', 'servers', 'tags', 'paths', 'components'],
);
