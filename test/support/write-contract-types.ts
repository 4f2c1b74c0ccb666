/** Writes the types that handlers use, after a change of openapi.yaml. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadContract } from '../../src/contract/contract.ts';
import { packageRoot } from '../../src/package-root.ts';
import { renderContractTypes } from './render-contract-types.ts';

const contract = loadContract(readFileSync(join(packageRoot(), 'openapi.yaml'), 'utf8'));
writeFileSync(join(packageRoot(), 'src/contract/types.generated.ts'), renderContractTypes(contract));
