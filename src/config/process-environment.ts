/** The one place that touches the environment of this process. */
import type { Environment } from './read-config.ts';

export function processEnvironment(): Environment {
  return process.env;
}
