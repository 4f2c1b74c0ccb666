/**
 * The secret that signs tokens when the operator gives none: made once, kept in the data folder, readable by its owner
 * alone. All processes that start at the same time end up with the same one.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';

const SECRET_FILE = 'jwt-secret';
const SECRET_BYTES = 48;
const SHORTEST_SECRET_CHARACTERS = 16;

/** Reads the secret, making it first when there is none. Throws ConfigError when the file is damaged or unwritable. */
export function loadOrCreateSecret(dataDir: string): string {
  const existing = loadSecret(dataDir);
  if (existing !== null) return existing;
  try {
    createSecret(dataDir);
  } catch (error) {
    const code = (error as { code?: string }).code ?? String(error);
    throw new ConfigError(
      `A secret cannot be kept in ${dataDir} (${code}); set DATA_DIR to a folder that can be written, or set JWT_SECRET.`,
    );
  }
  return loadOrCreateSecret(dataDir);
}

/** The secret of a data folder, or null when none has been made. */
export function loadSecret(dataDir: string): string | null {
  const path = join(dataDir, SECRET_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ConfigError(
      `The secret in ${path} cannot be read (${code ?? error}); start Sluice as its owner, or set DATA_DIR to another folder.`,
    );
  }
  if (text.length >= SHORTEST_SECRET_CHARACTERS) return text;
  throw new ConfigError(
    `The secret in ${path} is damaged; restore the file, or delete it to have a new one and make all tokens invalid.`,
  );
}

/** Written whole and synced under another name, then linked: linking never replaces, so the first to arrive wins. */
function createSecret(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true });
  const fresh = join(dataDir, `${SECRET_FILE}.${randomUUID()}`);
  const file = openSync(fresh, 'wx', 0o600);
  try {
    writeSync(file, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`);
    fsyncSync(file);
    closeSync(file);
    linkSync(fresh, join(dataDir, SECRET_FILE));
    syncFolder(dataDir);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
