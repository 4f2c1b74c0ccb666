/** Per operation id of openapi.yaml: the name that policies read, and whether it takes an administrator. */
export interface OperationFacts {
  readonly operation: string;
  /** Whether a login and the permit for the backend are asked for. */
  readonly forAdministrators: boolean;
}

const READ: OperationFacts = { operation: 'backend.read', forAdministrators: false };
const WRITE: OperationFacts = { operation: 'backend.upload', forAdministrators: true };
const DELETE: OperationFacts = { operation: 'backend.delete', forAdministrators: true };

export const OPERATIONS = {
  readBackendRoot: READ,
  headBackendRoot: READ,
  writeBackendRoot: WRITE,
  deleteBackendRoot: DELETE,
  readBackendFile: READ,
  headBackendFile: READ,
  writeBackendFile: WRITE,
  deleteBackendFiles: DELETE,
} as const satisfies Record<string, OperationFacts>;

export type SpacedogOperation = keyof typeof OPERATIONS;
