/** What can be switched off for everybody but the staff. Switches are kept by number. */
import { SluiceError } from './errors.ts';

/** By number. The last one is for everything. */
export const KILL_SWITCHES = [
  'ACCOUNT_CREATE',
  'ACCOUNT_MODIFY',
  'ACCOUNT_DELETE',
  'ACCOUNT_EMAIL_VERIFY',
  'ACCOUNT_LOGIN',
  'FILE_CREATE',
  'FILE_MODIFY',
  'FILE_DELETE',
  'GLOBAL',
] as const;

export type Feature = (typeof KILL_SWITCHES)[number];

/** The number of a feature's switch. */
export function killSwitchOf(feature: Feature): number {
  return KILL_SWITCHES.indexOf(feature);
}

/** Throws `invalid-parameter` for what is not the number of a switch. */
export function parseKillSwitch(text: string): number {
  if (/^\d$/.test(text) && Number(text) < KILL_SWITCHES.length) return Number(text);
  throw new SluiceError('invalid-parameter', 'there is no such kill switch', {
    facts: { part: 'params', fields: 'id' },
  });
}
