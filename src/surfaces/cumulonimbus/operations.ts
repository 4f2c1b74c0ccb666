/** Per operation id of openapi.yaml: what the policies are asked, what may be switched off, and what is counted. */
import type { Feature } from '../../domain/kill-switches.ts';
import type { RateLimitName } from '../../domain/rate-limits.ts';

export interface OperationFacts {
  /** What policies read as `storage.operation()`. */
  readonly operation: string;
  /** Whoever signs in needs no login. */
  readonly login: 'signed-in' | 'none';
  /** In the order in which their absence is told. */
  readonly permits: readonly string[];
  /** Whether the staff needs a second factor for it, where the gateway is set so. */
  readonly forStaff: boolean;
  /** The kill switch that stops it, beside the one for everything. */
  readonly feature?: Feature;
  readonly limit: RateLimitName;
  /** Statuses that are not counted, beside those of 500 and above. */
  readonly free?: readonly number[];
}

type More = Partial<Pick<OperationFacts, 'feature' | 'limit' | 'free'>>;

const own = (operation: string, permits: readonly string[], more: More = {}): OperationFacts => ({
  operation,
  login: 'signed-in',
  permits: ['account-active', ...permits],
  forStaff: false,
  limit: 'default',
  ...more,
});
const staff = (operation: string, permit: string): OperationFacts => ({
  ...own(operation, ['staff', permit]),
  forStaff: true,
});

export const OPERATIONS = {
  listAllFiles: staff('uploads.list', 'read-all-files'),
  listUsersFiles: staff('uploads.list', 'read-all-files'),
  listMyFiles: own('uploads.list', ['read-files']),
  readAnyFile: staff('uploads.find', 'read-all-files'),
  readUsersFile: staff('uploads.find', 'read-all-files'),
  readMyFile: own('uploads.find', ['read-files']),
  nameUsersFile: staff('uploads.rename', 'modify-all-files'),
  nameMyFile: own('uploads.rename', ['modify-files'], { feature: 'FILE_MODIFY', limit: 'file-name' }),
  unnameUsersFile: staff('uploads.rename', 'modify-all-files'),
  unnameMyFile: own('uploads.rename', ['modify-files'], { feature: 'FILE_MODIFY', limit: 'file-name-removal' }),
  retypeUsersFile: staff('uploads.change_extension', 'modify-all-files'),
  retypeMyFile: own('uploads.change_extension', ['modify-files'], { feature: 'FILE_MODIFY', limit: 'file-extension' }),
  deleteUsersFile: staff('uploads.delete', 'modify-all-files'),
  deleteMyFile: own('uploads.delete', ['modify-files'], { feature: 'FILE_DELETE' }),
  deleteAnyFiles: staff('uploads.delete_many', 'modify-all-files'),
  deleteUsersFiles: staff('uploads.delete_many', 'modify-all-files'),
  deleteMyFiles: own('uploads.delete_many', ['modify-files'], {
    feature: 'FILE_DELETE',
    limit: 'bulk-delete',
    free: [400, 404],
  }),
  deleteAllUsersFiles: staff('uploads.delete_all', 'unscoped-session'),
  // The documented limit is of deletions: an attempt that fails to say who one is, or is no deletion, takes none.
  deleteAllMyFiles: own('uploads.delete_all', ['unscoped-session'], {
    feature: 'FILE_DELETE',
    limit: 'delete-all',
    free: [400, 401, 403, 404],
  }),
  uploadFile: own('uploads.upload', ['upload-files', 'mail-verified'], { feature: 'FILE_CREATE' }),
  signIn: { ...own('accounts.sign_in', []), login: 'none', permits: [] },
  listMySessions: own('accounts.list_sessions', ['read-sessions']),
  openMySession: own('accounts.open_session', ['modify-sessions']),
  endMySession: own('accounts.end_session', ['modify-sessions']),
  beginMyTotp: own('accounts.begin_totp', ['unscoped-session']),
  confirmMyTotp: own('accounts.confirm_totp', ['unscoped-session']),
  removeMyTotp: own('accounts.remove_totp', ['unscoped-session']),
  listKillSwitches: staff('kill_switches.list', 'modify-kill-switches'),
  setKillSwitch: staff('kill_switches.set', 'modify-kill-switches'),
  clearKillSwitch: staff('kill_switches.clear', 'modify-kill-switches'),
  clearKillSwitches: staff('kill_switches.clear_all', 'modify-kill-switches'),
} as const satisfies Record<string, OperationFacts>;

export type CumulonimbusOperation = keyof typeof OPERATIONS;
