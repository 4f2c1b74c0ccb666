/** What kind of file some bytes begin. Home of file-type, which is loaded when a first file is looked at. */

export interface DetectedType {
  /** Without a dot. */
  readonly extension: string;
  readonly contentType: string;
}

/** As many bytes as every signature needs that is near the beginning. */
export const SIGNATURE_BYTES = 4100;

/** Null for bytes without a signature, such as text. Never throws for any bytes. */
export async function detectType(head: Buffer): Promise<DetectedType | null> {
  const { fileTypeFromBuffer } = await import('file-type/core');
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  return found === undefined ? null : { extension: found.ext, contentType: found.mime };
}
