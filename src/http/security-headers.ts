/**
 * Headers that keep a browser from turning stored bytes into something that acts as the site that serves them. What is
 * known to be inert is served as it is; everything else, unknown types included, opens in a sandbox: no script, no
 * form, an origin of its own.
 */

type Headers = Readonly<Record<string, string>>;

/** For replies that the gateway writes itself. No referrer, because links carry their token in the query. */
export const API_SECURITY_HEADERS: Headers = Object.freeze({
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
});

const INERT_HEADERS: Headers = Object.freeze({
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
});

/** A page may still load its own pictures and styles. */
const PAGE_HEADERS: Headers = Object.freeze({ ...INERT_HEADERS, 'content-security-policy': 'sandbox' });

const ACTIVE_HEADERS: Headers = Object.freeze({
  ...INERT_HEADERS,
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox",
});

/**
 * One type with parameters and no comma: browsers read a list of types and take the last. SVG and every `+xml` run
 * script. PDF is inert: viewers isolate its script themselves, and refuse to open it in a sandbox.
 */
const INERT =
  /^(?:(?:image|audio|video|font)\/[\w.-]+|text\/(?:plain|css|csv|markdown|javascript)|application\/(?:json|pdf|zip|gzip|octet-stream|javascript|wasm))(?:[ \t]*;[^,]*)?$/i;

const PAGE = /^text\/html(?:[ \t]*;[^,]*)?$/i;

/** Whether a type needs no sandbox, so that another server may send it without one. */
export function isInert(contentType: string): boolean {
  return INERT.test(contentType.trim());
}

/** For the bytes of an object of the given type, as stored by whoever uploaded it. */
export function objectSecurityHeaders(contentType: string): Headers {
  const type = contentType.trim();
  if (INERT.test(type)) return INERT_HEADERS;
  return PAGE.test(type) ? PAGE_HEADERS : ACTIVE_HEADERS;
}
