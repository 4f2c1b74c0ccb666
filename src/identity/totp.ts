/** One-time codes of an authenticator app (TOTP, RFC 6238): six digits, every 30 seconds. Remembers nothing. */
import { generateSecret, generateURI, verify } from 'otplib';

/** RFC 4226 §4 asks for 160 bits. In base32, as apps read it. */
export function makeTotpSecret(): string {
  return generateSecret({ length: 20 });
}

/** What an authenticator app scans. */
export function otpauthUrl({ secret, username }: { secret: string; username: string }): string {
  return generateURI({ issuer: 'Sluice', label: username, secret });
}

/** RFC 6238 §5.2: one step to either side, for clocks that disagree and codes that are typed slowly. */
const TOLERANCE_SECONDS = 30;

export interface TotpCheck {
  readonly secret: string;
  readonly nowMs: number;
  /** Codes of this time step and earlier ones have been used. */
  readonly afterStep: number;
}

/** The time step that the code belongs to; null for a code that is wrong, over, or used already. */
export async function totpStep(code: string, { secret, nowMs, afterStep }: TotpCheck): Promise<number | null> {
  if (!/^\d{6}$/.test(code)) return null;
  const result = await verify({
    secret,
    token: code,
    epoch: Math.floor(nowMs / 1000),
    epochTolerance: TOLERANCE_SECONDS,
    afterTimeStep: afterStep,
  });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}
