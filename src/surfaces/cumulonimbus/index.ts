/**
 * Files of a file host with scoped sessions, and the staff's view of them (API 004). A translation between wire and
 * operations: who may is for the policies, which are asked for permits before anything of the request is read.
 */
import type { Surface } from '../../contract/bind-routes.ts';
import { type Counted, type CountedOperation, countedSurface } from '../../entrance/counted-surface.ts';
import { sendingJson as json, sendJson } from '../../http/send-json.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Asked, Parts } from './asked.ts';
import { errorReplyOf, UNKNOWN_ENDPOINT } from './errors.ts';
import * as files from './files.ts';
import * as switches from './kill-switches.ts';
import * as sessions from './sessions.ts';
import { upload } from './uploads.ts';

type Operation = CountedOperation<Asked>;
type Handle = Operation['handle'];
type More = Partial<Pick<Operation, 'feature' | 'limit' | 'free' | 'tellsRefusal'>>;

const own = (operation: string, permits: readonly string[], handle: Handle, more: More = {}): Operation => ({
  operation,
  login: 'signed-in',
  permits: ['account-active', ...permits],
  limit: 'default',
  ...more,
  handle,
});
const staff = (operation: string, permit: string, handle: Handle): Operation =>
  own(operation, ['staff', 'second-factor', permit], handle);

const rename: More = { feature: 'FILE_MODIFY', limit: 'file-name' };
const unname: More = { feature: 'FILE_MODIFY', limit: 'file-name-removal' };
const retype: More = { feature: 'FILE_MODIFY', limit: 'file-extension' };
const removal: More = { feature: 'FILE_DELETE' };
const removals: More = { feature: 'FILE_DELETE', limit: 'bulk-delete', free: [400, 404] };
/** The documented limit is of deletions: an attempt that fails to say who one is, or deletes nothing, takes none. */
const FRUITLESS = [400, 401, 403, 404, 409, 413, 423, 499];
const purge: More = { feature: 'FILE_DELETE', limit: 'delete-all', free: FRUITLESS, tellsRefusal: true };

/** By operation id of openapi.yaml. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  listAllFiles: staff('uploads.list', 'read-all-files', json(files.listEverybodys)),
  listUsersFiles: staff('uploads.list', 'read-all-files', json(files.listFiles)),
  listMyFiles: own('uploads.list', ['read-files'], json(files.listFiles)),
  readAnyFile: staff('uploads.find', 'read-all-files', json(files.readAnybodys)),
  readUsersFile: staff('uploads.find', 'read-all-files', json(files.readFile)),
  readMyFile: own('uploads.find', ['read-files'], json(files.readFile)),
  nameUsersFile: staff('uploads.rename', 'modify-all-files', json(files.nameFile)),
  nameMyFile: own('uploads.rename', ['modify-files'], json(files.nameFile), rename),
  unnameUsersFile: staff('uploads.rename', 'modify-all-files', json(files.nameFile)),
  unnameMyFile: own('uploads.rename', ['modify-files'], json(files.nameFile), unname),
  retypeUsersFile: staff('uploads.change_extension', 'modify-all-files', json(files.retypeFile)),
  retypeMyFile: own('uploads.change_extension', ['modify-files'], json(files.retypeFile), retype),
  deleteUsersFile: staff('uploads.delete', 'modify-all-files', json(files.deleteFile)),
  deleteMyFile: own('uploads.delete', ['modify-files'], json(files.deleteFile), removal),
  deleteAnyFiles: staff('uploads.delete_many', 'modify-all-files', json(files.deleteAnybodys)),
  deleteUsersFiles: staff('uploads.delete_many', 'modify-all-files', json(files.deleteFiles)),
  deleteMyFiles: own('uploads.delete_many', ['modify-files'], json(files.deleteFiles), removals),
  deleteAllUsersFiles: staff('uploads.delete_all', 'unscoped-session', json(files.deleteAllFiles)),
  deleteAllMyFiles: own('uploads.delete_all', ['unscoped-session'], json(files.deleteAllFiles), purge),
  uploadFile: own('uploads.upload', ['upload-files', 'mail-verified'], upload, { feature: 'FILE_CREATE' }),
  signIn: { ...own('accounts.sign_in', [], json(sessions.signIn, 201)), login: 'none', permits: [] },
  listMySessions: own('accounts.list_sessions', ['read-sessions'], json(sessions.listSessions)),
  openMySession: own('accounts.open_session', ['modify-sessions'], json(sessions.openSession, 201)),
  endMySession: own('accounts.end_session', ['modify-sessions'], json(sessions.endSession)),
  beginMyTotp: own('accounts.begin_totp', ['unscoped-session'], json(sessions.beginTotp, 201)),
  confirmMyTotp: own('accounts.confirm_totp', ['unscoped-session'], json(sessions.confirmTotp)),
  removeMyTotp: own('accounts.remove_totp', ['unscoped-session'], json(sessions.removeTotp)),
  listKillSwitches: staff('kill_switches.list', 'modify-kill-switches', json(switches.listSwitches)),
  setKillSwitch: staff('kill_switches.set', 'modify-kill-switches', json(switches.setSwitch)),
  clearKillSwitch: staff('kill_switches.clear', 'modify-kill-switches', json(switches.clearSwitches)),
  clearKillSwitches: staff('kill_switches.clear_all', 'modify-kill-switches', json(switches.clearSwitches)),
};

export interface CumulonimbusSurfaceOptions extends Parts {
  readonly verifier: TokenVerifier;
  readonly staffSecondFactor: 'optional' | 'required';
}

export function makeCumulonimbusSurface(options: CumulonimbusSurfaceOptions): Surface<Counted> {
  const { verifier, staffSecondFactor, ...parts } = options;
  const waived = staffSecondFactor === 'required' ? [] : ['second-factor'];
  return {
    tag: 'cumulonimbus',
    owns: path => /^\/api(?:\/|$)/.test(path),
    ...countedSurface<Parts>({ operations: OPERATIONS, parts, verifier, waived, errorReplyOf }),
    onUnknown: (_req, res) => sendJson({ res, ...UNKNOWN_ENDPOINT }),
  };
}
