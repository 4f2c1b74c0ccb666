/** Upload of one file in a form, with the options of API 001 in the headers. */
import { readMultipart } from '../../http/multipart-upload.ts';
import { originOf } from '../../http/origin.ts';
import { sendJson, sendText } from '../../http/send-json.ts';
import { uploadFile } from '../../operations/upload-file.ts';
import type { Asked } from './asked.ts';
import { parseUploadOptions, recordOfUpload } from './upload-options.ts';

const FORM_LIMITS = { maxFields: 100, maxFieldBytes: 64 * 1024 };

export async function upload({ core, scope, req, res, passwords, publicUrl }: Asked): Promise<void> {
  const options = parseUploadOptions(req.headers, core.now());
  const { file, fieldsAfter } = await readMultipart(req, { ...FORM_LIMITS, signal: scope.signal }, 'file');
  const passwordHash = options.password === null ? null : await passwords.hash(options.password);
  const { name, fileId } = await uploadFile(core, scope, {
    body: file.stream,
    originalName: file.fileName,
    declaredType: file.contentType,
    fileName: options.fileName,
    record: recordOfUpload(options, file.fileName, passwordHash),
    complete: fieldsAfter,
  });
  const origin = originOf(req, publicUrl);
  const id = encodeURIComponent(name);
  const url = `${origin}/u/${id}`;
  if (options.plainReply) return sendText({ res, status: 201, text: url });
  const manage = `${origin}/api/users/me/files/${id}`;
  const folder = options.folderId === null ? {} : { folder: options.folderId };
  sendJson({ res, status: 201, body: { url, manage, thumbnail: url, id: fileId, files: [url], ...folder } });
}
