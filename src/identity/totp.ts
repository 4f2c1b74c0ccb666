/** One-time codes of an authenticator app (TOTP, RFC 6238): six digits, every 30 seconds. Remembers nothing. */
import { Secret, TOTP } from 'otpauth';

/** RFC 4226 §4. */
const SECRET_BYTES = 20;
/** RFC 6238 §5.2: one step to either side, for clocks that disagree and codes that are typed slowly. */
const WINDOW_STEPS = 1;

/** In base32, as apps read it. */
export function makeTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** What an authenticator app scans. */
export function otpauthUrl({ secret, username }: { secret: string; username: string }): string {
  return totpOf(secret, username).toString();
}

export interface TotpCheck {
  readonly secret: string;
  readonly nowMs: number;
  /** Codes of this time step and earlier ones have been used. */
  readonly afterStep: number;
}

/** The time step that the code belongs to; null for a code that is wrong, over, or used already. */
export function totpStep(code: string, { secret, nowMs, afterStep }: TotpCheck): number | null {
  const totp = totpOf(secret);
  const delta = totp.validate({ token: code, timestamp: nowMs, window: WINDOW_STEPS });
  const step = delta === null ? null : totp.counter({ timestamp: nowMs }) + delta;
  return step !== null && step > afterStep ? step : null;
}

function totpOf(secret: string, label = ''): TOTP {
  return new TOTP({ issuer: 'Sluice', label, secret: Secret.fromBase32(secret), digits: 6, period: 30 });
}
