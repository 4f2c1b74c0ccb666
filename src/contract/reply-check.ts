/** Judges a reply against the contract. Used by tests on every reply they see; the running gateway never calls it. */
import type { Operation } from './contract.ts';
import type { MediaType, Reply } from './openapi-document.ts';
import { type Check, makeExactChecks } from './schema-checks.ts';

export type ReplyCheck = (
  operationId: string,
  status: number,
  contentType: string | null,
  body: unknown,
) => readonly string[];

export function makeReplyCheck(operations: ReadonlyMap<string, Operation>): ReplyCheck {
  const checks = new Map<MediaType, Check>();
  let makeCheck: ReturnType<typeof makeExactChecks> | null = null;

  function checkOf(media: MediaType): Check {
    makeCheck ??= makeExactChecks();
    const check = checks.get(media) ?? makeCheck('reply', media.schema);
    checks.set(media, check);
    return check;
  }

  return (operationId, status, contentType, body) => {
    const operation = operations.get(operationId);
    if (operation === undefined) throw new Error(`the contract has no operation ${operationId}`);
    const reply = replyFor(operation, status);
    if (reply === undefined) return [`${operationId}: status ${status} is not described`];
    const none = body === null || body === undefined || body === '';
    if (reply.content === undefined) return none ? [] : [`${operationId}: a ${status} has no body`];
    const media = mediaFor(reply.content, contentType);
    if (media === undefined) return [`${operationId}: a ${status} is not ${contentType ?? 'without a content type'}`];
    const finding = checkOf(media)(body);
    return finding === null ? [] : [`${operationId}: ${finding.message}`];
  };
}

/** The exact status wins over its class (OpenAPI 3.1 §4.8.16). */
function replyFor({ described }: Operation, status: number): Reply | undefined {
  return described.responses[String(status)] ?? described.responses[`${Math.floor(status / 100)}XX`];
}

function mediaFor(content: NonNullable<Reply['content']>, contentType: string | null): MediaType | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return content[type] ?? content['*/*'];
}
