/** The one place that touches the environment of this process. */
import type { Environment } from './read-config.ts';

export function processEnvironment(): Environment {
  return process.env;
}

/** The AWS SDK warns at every start about versions of Node that it will leave; that is our matter, not an operator's. */
export function silenceSdkNodeWarning(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
