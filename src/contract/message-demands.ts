/**
 * What a request asks of the exchange of messages itself, whatever it is for: a coding of its body, an expectation of the
 * reply. What is not understood is refused, since passed over it would store coded bytes for plain ones.
 */
import { SluiceError } from '../domain/errors.ts';

export interface MessageHeaders {
  readonly 'transfer-encoding'?: string | undefined;
  readonly expect?: string | undefined;
}

/**
 * Null where all of it can be met. Otherwise `coding-not-understood` for a transfer coding besides `chunked` (RFC 9112 §6.1), or
 * `expectation-failed` for an expectation besides `100-continue` (RFC 9110 §10.1.1).
 */
export function unmetDemandOf(headers: MessageHeaders): SluiceError | null {
  if (!allAre('chunked', headers['transfer-encoding'])) {
    return new SluiceError('coding-not-understood', 'the one transfer coding that is understood is chunked');
  }
  if (!allAre('100-continue', headers.expect)) {
    return new SluiceError('expectation-failed', 'the one expectation that is met is 100-continue');
  }
  return null;
}

/** Of a list, whose empty elements do not count (RFC 9110 §5.6.1). */
function allAre(wanted: string, list: string | undefined): boolean {
  if (list === undefined || list === wanted) return true;
  const elements = list.split(',').map(element => element.trim().toLowerCase());
  return elements.every(element => element === '' || element === wanted);
}
