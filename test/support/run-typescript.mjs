/**
 * Lets a child process of a test run a TypeScript file of this repository on any supported Node:
 * `node --import <this file> some-program.ts`. Modules are compiled one by one as they are loaded, without a type check.
 */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
