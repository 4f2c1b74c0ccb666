/**
 * The defences, each with the damage that removes it and the tests that must then turn red. `find` stands in its file
 * exactly once, so a defence that moves is noticed. Run by defences.test.ts; the results of all are in the README here.
 */
import { type Defence, edit } from './defence.ts';
import { DOOR_CONTROLS, DOOR_DEFENCES } from './door-defences.ts';
import { TEXT_CONTROLS, TEXT_DEFENCES } from './text-defences.ts';
import { TOKEN_CONTROLS, TOKEN_DEFENCES } from './token-defences.ts';

/** In these files, a test that no damage touches: it shows that the damaged gateway still works. */
export const CONTROLS: Readonly<Record<string, RegExp>> = { ...TOKEN_CONTROLS, ...TEXT_CONTROLS, ...DOOR_CONTROLS };

const RIGHTS_DEFENCES: readonly Defence[] = [
  {
    name: 'definer functions pin their search path',
    edits: [edit('db/functions/public-object.sql', `security definer set search_path = ''`, 'security definer')],
    tests: { file: 'test/policies/definer-functions.test.ts', titles: /pin their search path/ },
  },
  {
    name: 'definer functions are for those who need them',
    edits: [
      edit('policies/grants.sql', 'revoke execute on function storage.bucket_holds_objects(text) from public;\n', ''),
    ],
    tests: {
      file: 'test/policies/definer-functions.test.ts',
      titles: /bucket_holds_objects.* is for those alone who need it/,
    },
  },
  {
    name: 'the private side is closed to ordinary roles',
    edits: [
      edit(
        'policies/grants.sql',
        'grant usage on schema sluice to sluice_gateway, service_role;',
        'grant usage on schema sluice to sluice_gateway, service_role, authenticated;\ngrant select on sluice.blobs to authenticated;',
      ),
    ],
    tests: { file: 'test/policies/role-rights.test.ts', titles: /the private side is closed/ },
  },
];

/** Neighbors belong together. */
export const DEFENCES: readonly Defence[] = [...TOKEN_DEFENCES, ...TEXT_DEFENCES, ...RIGHTS_DEFENCES, ...DOOR_DEFENCES];
