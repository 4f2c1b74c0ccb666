/**
 * Bodies and queries by operation id, as handlers receive them: coerced, defaults filled in. Made from openapi.yaml by
 * `node --import ./test/support/run-typescript.mjs test/support/write-contract-types.ts`; a test compares the two.
 */
// biome-ignore-all format: generated

export interface RequestBodies {
  readonly createBucket: {
    readonly name: string;
    readonly id?: string;
    readonly public: boolean;
    readonly type?: 'STANDARD';
    readonly file_size_limit?: number | string | null;
    readonly allowed_mime_types?: readonly string[] | null;
    readonly delivery?: 'proxy' | 'redirect';
  };
  readonly updateBucket: {
    readonly public?: boolean;
    readonly file_size_limit?: number | string | null;
    readonly allowed_mime_types?: readonly string[] | null;
    readonly delivery?: 'proxy' | 'redirect';
  };
  readonly deleteBucket: Readonly<Record<string, unknown>> | undefined;
  readonly emptyBucket: Readonly<Record<string, unknown>> | undefined;
  readonly deleteObjects: {
    readonly prefixes: readonly string[];
  };
  readonly signObjects: {
    readonly expiresIn: number;
    readonly paths: readonly string[];
  };
  readonly signObject: {
    readonly expiresIn: number;
    readonly transform?: {
      readonly width?: number;
      readonly height?: number;
      readonly resize?: 'cover' | 'contain' | 'fill';
      readonly format?: 'origin' | 'avif' | 'webp';
      readonly quality?: number;
    };
  };
  readonly createUploadLink: {
    readonly direct?: {
      readonly size?: number;
      readonly contentType?: string;
      readonly cacheControl?: string;
    };
  } | undefined;
  readonly commitDirectUpload: Readonly<Record<string, unknown>> | undefined;
  readonly listObjects: {
    readonly prefix: string;
    readonly limit: number;
    readonly offset: number;
    readonly search?: string;
    readonly sortBy?: {
      readonly column?: 'name' | 'updated_at' | 'created_at' | 'last_accessed_at';
      readonly order?: 'asc' | 'desc';
    };
  };
  readonly listObjectsV2: {
    readonly prefix?: string;
    readonly limit: number;
    readonly cursor?: string;
    readonly with_delimiter: boolean;
    readonly sortBy?: {
      readonly column?: 'name' | 'updated_at' | 'created_at';
      readonly order?: 'asc' | 'desc';
    };
  };
  readonly moveObject: {
    readonly bucketId: string;
    readonly sourceKey: string;
    readonly destinationBucket?: string;
    readonly destinationKey: string;
  };
  readonly copyObject: {
    readonly bucketId: string;
    readonly sourceKey: string;
    readonly destinationBucket?: string;
    readonly destinationKey: string;
    readonly copyMetadata: boolean;
    readonly metadata?: {
      readonly cacheControl?: string;
      readonly mimetype?: string;
    };
  };
  readonly actOnTree: {
    readonly action: 'MakePathToken' | 'Move' | 'CreateFolder';
    readonly new_path?: string;
  };
  readonly logIn: {
    readonly username: string;
    readonly password: string;
  };
  readonly createUserFolder: {
    readonly name?: unknown;
    readonly add?: unknown;
  } | undefined;
  readonly addFileToFolder: {
    readonly file?: unknown;
  } | undefined;
  readonly publishUserFolder: {
    readonly public?: unknown;
  } | undefined;
  readonly removeFromFolder: {
    readonly file?: unknown;
    readonly deletingFolder?: unknown;
    readonly deleteFolder?: unknown;
  } | undefined;
  readonly favorUserFile: {
    readonly id?: unknown;
    readonly favorite?: unknown;
  } | undefined;
  readonly deleteUserFiles: {
    readonly id?: unknown;
    readonly all?: unknown;
  } | undefined;
  readonly deleteAnyFiles: {
    readonly ids: readonly string[];
  };
  readonly deleteMyFiles: {
    readonly ids: readonly string[];
  };
  readonly deleteAllMyFiles: {
    readonly password?: string;
    readonly '2fa'?: {
      readonly token: string;
      readonly type: string;
      readonly code: string;
    };
  };
  readonly nameMyFile: {
    readonly name: string;
  };
  readonly retypeMyFile: {
    readonly extension: string;
  };
  readonly deleteUsersFiles: {
    readonly ids: readonly string[];
  };
  readonly deleteAllUsersFiles: {
    readonly password?: string;
    readonly '2fa'?: {
      readonly token: string;
      readonly type: string;
      readonly code: string;
    };
  };
  readonly nameUsersFile: {
    readonly name: string;
  };
  readonly retypeUsersFile: {
    readonly extension: string;
  };
  readonly signIn: {
    readonly username: string;
    readonly password: string;
    readonly rememberMe?: boolean;
  };
  readonly openMySession: {
    readonly name?: string | null;
    readonly permissionFlags?: number | null;
    readonly longLived?: boolean;
  };
  readonly beginMyTotp: {
    readonly password?: string;
    readonly '2fa'?: {
      readonly token: string;
      readonly type: string;
      readonly code: string;
    };
  };
  readonly removeMyTotp: {
    readonly code: string;
  };
  readonly confirmMyTotp: {
    readonly code: string;
  };
  readonly clearKillSwitches: {
    readonly password?: string;
    readonly '2fa'?: {
      readonly token: string;
      readonly type: string;
      readonly code: string;
    };
  };
  readonly setKillSwitch: {
    readonly password?: string;
    readonly '2fa'?: {
      readonly token: string;
      readonly type: string;
      readonly code: string;
    };
  };
  readonly clearKillSwitch: {
    readonly password?: string;
    readonly '2fa'?: {
      readonly token: string;
      readonly type: string;
      readonly code: string;
    };
  };
}

export interface RequestQueries {
  readonly listBuckets: {
    readonly limit?: number;
    readonly offset?: number;
    readonly sortColumn?: 'id' | 'name' | 'created_at' | 'updated_at';
    readonly sortOrder?: 'asc' | 'desc';
    readonly search?: string;
  };
  readonly getObject: {
    readonly download?: string;
  };
  readonly headObject: {
    readonly download?: string;
  };
  readonly getAuthenticatedObject: {
    readonly download?: string;
  };
  readonly headAuthenticatedObject: {
    readonly download?: string;
  };
  readonly getPublicObject: {
    readonly download?: string;
  };
  readonly headPublicObject: {
    readonly download?: string;
  };
  readonly getSignedObject: {
    readonly token: string;
    readonly download?: string;
  };
  readonly headSignedObject: {
    readonly token: string;
    readonly download?: string;
  };
  readonly revokeObjectLinks: {
    readonly token?: string;
  };
  readonly uploadToLink: {
    readonly token: string;
  };
  readonly commitDirectUpload: {
    readonly token: string;
  };
  readonly readTree: {
    readonly token?: string;
  };
  readonly headTree: {
    readonly token?: string;
  };
  readonly listUserFolders: {
    readonly files?: string;
  };
  readonly readUserFolder: {
    readonly files?: string;
  };
  readonly addFileToFolder: {
    readonly files?: string;
  };
  readonly publishUserFolder: {
    readonly files?: string;
  };
  readonly removeFromFolder: {
    readonly files?: string;
  };
  readonly listUserFiles: {
    readonly favorite?: string;
    readonly filter?: string;
    readonly count?: string;
  };
  readonly pageUserFiles: {
    readonly page?: string;
    readonly favorite?: string;
    readonly filter?: string;
    readonly count?: string;
    readonly sortBy?: string;
    readonly order?: string;
  };
  readonly viewUpload: {
    readonly password?: string;
    readonly download?: string;
  };
  readonly headUpload: {
    readonly password?: string;
    readonly download?: string;
  };
  readonly viewRawUpload: {
    readonly password?: string;
    readonly download?: string;
  };
  readonly headRawUpload: {
    readonly password?: string;
    readonly download?: string;
  };
  readonly readBackendRoot: {
    readonly size?: string;
    readonly next?: string;
  };
  readonly headBackendRoot: {
    readonly size?: string;
    readonly next?: string;
  };
  readonly readBackendFile: {
    readonly withContentDisposition?: string;
    readonly size?: string;
    readonly next?: string;
  };
  readonly headBackendFile: {
    readonly withContentDisposition?: string;
    readonly size?: string;
    readonly next?: string;
  };
  readonly listAllFiles: {
    readonly limit?: string | readonly string[];
    readonly offset?: string | readonly string[];
  };
  readonly listMyFiles: {
    readonly limit?: string | readonly string[];
    readonly offset?: string | readonly string[];
  };
  readonly listUsersFiles: {
    readonly limit?: string | readonly string[];
    readonly offset?: string | readonly string[];
  };
}
