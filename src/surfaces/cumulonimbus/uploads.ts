/** Upload of one file in a form, with the options of API 001 in the headers. */
import { SluiceError } from '../../domain/errors.ts';
import type { FileRecord } from '../../domain/files.ts';
import { displayNameOf } from '../../domain/public-names.ts';
import { parseUploadOptions, type UploadOptions } from '../../domain/upload-options.ts';
import { isForm, readMultipart } from '../../http/multipart-upload.ts';
import { originOf } from '../../http/origin.ts';
import { sendJson, sendText } from '../../http/send-json.ts';
import { uploadFile } from '../../operations/upload-file.ts';
import type { Asked, CumulonimbusHandlers } from './handlers.ts';

const FORM_LIMITS = { maxFields: 100, maxFieldBytes: 64 * 1024 };

export const uploadHandlers = {
  async uploadFile(asked: Asked) {
    const { core, scope, req, res, publicUrl } = asked;
    const options = parseUploadOptions(req.headers, core.now());
    if (!isForm(req.headers)) throw new SluiceError('no-content', 'The body is no form');
    const { file, fieldsAfter } = await readMultipart(req, { ...FORM_LIMITS, signal: scope.signal });
    if (file.fieldName !== 'file') {
      file.stream.destroy();
      throw new SluiceError('no-content', 'The form has no part called file');
    }
    const { name, fileId } = await uploadFile(core, scope, {
      body: file.stream,
      originalName: file.fileName,
      declaredType: file.contentType,
      fileName: options.fileName,
      record: await recordOf(asked, options, file.fileName),
      complete: fieldsAfter,
    });
    const origin = originOf(req, publicUrl);
    const id = encodeURIComponent(name);
    const url = `${origin}/u/${id}`;
    if (options.plainReply) {
      sendText({ res, status: 201, text: url });
      return;
    }
    const folder = options.folderId === null ? {} : { folder: options.folderId };
    const manage = `${origin}/api/users/me/files/${id}`;
    sendJson({ res, status: 201, body: { url, manage, thumbnail: url, id: fileId, files: [url], ...folder } });
  },
} satisfies CumulonimbusHandlers;

async function recordOf(
  { passwords }: Asked,
  options: UploadOptions,
  originalName: string | null,
): Promise<FileRecord> {
  const { password, keepOriginalName, expiresAt, maxViews, embed, format, folderId } = options;
  return {
    displayName: displayNameOf(originalName),
    originalName: keepOriginalName ? displayNameOf(originalName) : null,
    passwordHash: password === null ? null : await passwords.hash(password),
    ...{ expiresAt, maxViews, embed, format, folderId },
  };
}
