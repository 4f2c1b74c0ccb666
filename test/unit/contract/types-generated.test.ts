import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadContract } from '../../../src/contract/contract.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { renderContractTypes } from '../../support/render-contract-types.ts';

const fileText = (path: string) => readFileSync(join(packageRoot(), path), 'utf8');

describe('src/contract/types.generated.ts', () => {
  it('is what openapi.yaml gives', () => {
    expect(fileText('src/contract/types.generated.ts')).toBe(
      renderContractTypes(loadContract(fileText('openapi.yaml'))),
    );
  });
});
