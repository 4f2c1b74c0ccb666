/** A setting that cannot be used, in one sentence that names the variable and what it accepts. Holds no secret. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}
