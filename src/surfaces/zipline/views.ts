/** The public address of a file: bytes for whoever has it, and the password where there is one. */
import { SluiceError } from '../../domain/errors.ts';
import { clientAddress } from '../../http/client-address.ts';
import { attachmentHeader, inlineHeader } from '../../http/content-disposition.ts';
import { readConditions } from '../../http/read-conditions.ts';
import { sendObject } from '../../http/send-object.ts';
import { viewFileByName } from '../../operations/view-file.ts';
import type { Asked } from './asked.ts';

export async function view({ core, scope, params, query, req, res, checkPassword }: Asked): Promise<void> {
  const name = params.wildcard ?? '';
  const { password, download } = query;
  const { opened, originalName } = await viewFileByName(core, scope, {
    name,
    ...readConditions(req.headers),
    knowsPassword: async file => {
      if (typeof password !== 'string') throw new SluiceError('missing-password', 'password protected');
      return checkPassword(scope, { ...file, password, address: clientAddress(req) });
    },
  });
  const shown = originalName ?? name;
  const disposition =
    typeof download === 'string' && download !== 'false' ? attachmentHeader(shown) : inlineHeader(shown);
  await sendObject({ res, opened, disposition });
}
