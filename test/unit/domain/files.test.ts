import { errorCode } from '../../../src/domain/errors.ts';
import { parseFolderName } from '../../../src/domain/files.ts';

function refusalOf(name: unknown): unknown {
  try {
    return parseFolderName(name);
  } catch (error) {
    return [errorCode(error), (error as Error).message];
  }
}

describe('the name of a folder', () => {
  it.each([
    [undefined, 'name is required'],
    [7, 'name is required'],
    ['', 'name cannot be empty'],
    [' \t', 'name cannot be empty'],
    ['a\u0000b', 'invalid name: at most 1024 bytes, without U+0000'],
    ['é'.repeat(513), 'invalid name: at most 1024 bytes, without U+0000'],
  ])('is refused: %p', (name, message) => {
    expect(refusalOf(name)).toEqual(['invalid-parameter', message]);
  });

  it.each([
    ['is taken without the space around it', '  my photos ', 'my photos'],
    ['has up to 1024 bytes', 'é'.repeat(512), 'é'.repeat(512)],
  ])('%s', (_what, given, name) => {
    expect(parseFolderName(given)).toBe(name);
  });
});
