import type { FileRecord } from '../../src/domain/files.ts';

/** A file about which the uploader says nothing. */
export const PLAIN_RECORD: FileRecord = Object.freeze({
  displayName: null,
  originalName: null,
  expiresAt: null,
  maxViews: null,
  embed: false,
  format: 'RANDOM',
  passwordHash: null,
  folderId: null,
});
