/**
 * The public name of an uploaded file: a stem that nobody guesses, and an extension that says what the bytes are. Makes
 * and reads names; whether one is free, the database says.
 */
import { SluiceError } from './errors.ts';

/** Endings of two words, and types that share their first bytes with a more general one. The file's own name decides. */
const TELLING_ENDINGS = [
  'tar.gz',
  'tar.bz2',
  'tar.xz',
  'tar.zst',
  'tar.lz',
  'user.js',
  'apk',
  'jar',
  'xpi',
  'crx',
  'docx',
  'xlsx',
  'pptx',
  'odt',
  'ods',
  'odp',
  'epub',
  'svg',
];

const EXTENSION = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const EXTENSION_MAX_CHARACTERS = 32;
const UNKNOWN_EXTENSION = 'bin';
const DISPLAY_NAME_MAX_CHARACTERS = 256;

/** How many characters a random stem has; each is one of 64, so that it holds 60 bits. */
export const STEM_CHARACTERS = 10;

/**
 * The extension of a new file, without a dot: a telling ending of the name it had at the uploader's, else what its first
 * bytes say, else all behind the first dot of that name, else `bin`.
 */
export function extensionOf(originalName: string | null, detected: string | null): string {
  const name = (originalName ?? '').toLowerCase();
  const telling = TELLING_ENDINGS.find(ending => name.endsWith(`.${ending}`));
  const afterDot = name.slice(name.indexOf('.', 1) + 1);
  const said = name.indexOf('.', 1) === -1 ? null : afterDot;
  return telling ?? detected ?? (said !== null && isExtension(said) ? said : UNKNOWN_EXTENSION);
}

function isExtension(text: string): boolean {
  return text.length <= EXTENSION_MAX_CHARACTERS && EXTENSION.test(text);
}

/**
 * An extension that a user chose: `.png`, `png` and `png.` are the same, and slashes do not count. Throws
 * `invalid-parameter` with the fact `fields` for what is then not letters, digits, dashes, underscores and single dots.
 */
export function parseExtension(text: string): string {
  const extension = text.trim().replace(/^\./, '').replace(/\.$/, '').replace(/[/\\]/g, '');
  if (isExtension(extension)) return extension;
  throw new SluiceError('invalid-parameter', 'the extension is not one', {
    facts: { part: 'body', fields: 'extension' },
  });
}

/** The same stem with another extension. A name that came by the bucket API may be in a folder, which it does not leave. */
export function withExtension(name: string, extension: string): string {
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  return `${folder}${stemOfName(name.slice(folder.length))}.${extension}`;
}

/** The stem that a chosen name gives: all before its first dot that is not its first character. Never empty. */
export function stemOfName(name: string): string {
  const dot = name.indexOf('.', 1);
  return dot === -1 ? name : name.slice(0, dot);
}

/** Throws `invalid-parameter` with the fact `fields` for a name beyond 256 characters. An empty one is no name. */
export function parseDisplayName(text: string): string | null {
  const name = text.trim();
  if (charactersOf(name).length <= DISPLAY_NAME_MAX_CHARACTERS && !name.includes('\0') && name.isWellFormed()) {
    return name === '' ? null : name;
  }
  throw new SluiceError('invalid-parameter', 'the name is too long', { facts: { part: 'body', fields: 'name' } });
}

/** What a new file is called by its owner at first: its name at the uploader's, as much of it as fits. */
export function displayNameOf(originalName: string | null): string | null {
  const name = (originalName ?? '').replaceAll('\0', '').toWellFormed().trim();
  return name === '' ? null : charactersOf(name).slice(0, DISPLAY_NAME_MAX_CHARACTERS).join('');
}

/** As Postgres and JSON Schema count them, so that none is cut in half. */
function charactersOf(name: string): string[] {
  return Array.from(name);
}
