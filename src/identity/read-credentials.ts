/** Finds the token in a request's headers. Verifies nothing; `apikey` belongs to other servers and is not read. */

/**
 * The token of `Authorization: Bearer <token>`; the scheme may be in any case or absent. Null without the header or
 * when it is blank. Anything else is returned as it stands, another scheme included, for the verifier to refuse.
 */
export function readBearer(headers: { readonly authorization?: string | undefined }): string | null {
  const value = headers.authorization?.trim() ?? '';
  return value === '' ? null : value.replace(/^bearer(?:[ \t]+|$)/i, '');
}
