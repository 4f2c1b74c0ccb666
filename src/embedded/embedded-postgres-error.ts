/** Why the embedded Postgres cannot serve, in one sentence for the operator. Never thrown once it has started. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EmbeddedPostgresError';
  }
}
