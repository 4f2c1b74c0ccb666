import type { BlobLabels } from '../../../src/blobs/blob-store.ts';
import { labelHeaders, labelMetadata, metadataIn, parseLabels } from '../../../src/blobs/s3-labels.ts';

const LONGEST: BlobLabels = {
  bucket: 'b'.repeat(100),
  name: '語'.repeat(341),
  owner: '🏖️'.repeat(400),
  contentType: 'x'.repeat(400),
};

describe('blob labels as S3 metadata', () => {
  it('are none where an object was not stored by the gateway', () => {
    expect(parseLabels(() => undefined)).toBeNull();
  });

  it('stay within the 2 KiB that S3 allows, header names included', () => {
    const bytes = labelHeaders(LONGEST).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    expect(bytes).toBeLessThanOrEqual(2048);
  });

  it('cut what is too long between characters, and never bucket or name', () => {
    const parsed = parseLabels(key => labelMetadata(LONGEST)[key]);
    expect(parsed).toMatchObject({ bucket: LONGEST.bucket, name: LONGEST.name });
    expect(parsed?.owner).not.toContain('\uFFFD');
    expect(LONGEST.owner?.startsWith(parsed?.owner ?? 'none')).toBe(true);
  });

  it('are safe in a header and sorted by name', () => {
    const headers = labelHeaders({ ...LONGEST, name: 'a\u00e9 \u{1F3D6}/?&=\u0001' });
    for (const [, value] of headers) expect(value).toMatch(/^[A-Za-z0-9_-]+$/);
    const names = headers.map(([name]) => name);
    expect(names).toEqual([...names].sort());
  });

  it('come back from the headers of an answer', () => {
    const labels = { bucket: 'b', name: 'é/🏖️', owner: null, contentType: '' };
    expect(parseLabels(metadataIn(Object.fromEntries(labelHeaders(labels))))).toEqual(labels);
  });
});
