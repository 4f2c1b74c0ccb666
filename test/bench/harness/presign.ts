/** Straight access to the store: presigned URLs, made by aws4 and not by the code under test. */
import { createRequire } from 'node:module';
import type { S3Engine } from '../../support/minio.ts';

interface Aws4 {
  sign(request: object, credentials: object): { readonly path: string };
}
const aws4 = createRequire(import.meta.url)('aws4') as Aws4;

/** Path and query of a URL that allows this method on this key of the bucket for one day. */
export type Presign = (method: 'GET' | 'HEAD' | 'PUT' | 'DELETE', key: string) => string;

export function makePresign(engine: S3Engine, bucket: string): Presign {
  const { host } = new URL(engine.endpoint);
  return (method, key) =>
    aws4.sign(
      { service: 's3', region: engine.region, host, method, path: `/${bucket}/${key}`, signQuery: true },
      { accessKeyId: engine.accessKeyId, secretAccessKey: engine.secretAccessKey },
    ).path;
}
