import fc from 'fast-check';
import { type BlobLabels, LABELS_BY_WORTH } from '../../../src/blobs/blob-store.ts';
import { labelHeaders, labelMetadata, metadataIn, parseLabels } from '../../../src/blobs/s3-labels.ts';

const LONGEST: BlobLabels = {
  bucket: 'b'.repeat(100),
  name: '語'.repeat(341),
  owner: '🏖️'.repeat(400),
  contentType: 'x'.repeat(400),
};
const bytesOf = (labels: BlobLabels) =>
  labelHeaders(labels).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
function backAgain(labels: BlobLabels) {
  const headers = new Map(labelHeaders(labels));
  return parseLabels(metadataIn(name => headers.get(name)));
}

describe('blob labels as S3 metadata', () => {
  it('are none where an object was not stored by the gateway', () => {
    expect(parseLabels(() => undefined)).toBeNull();
  });

  it('stay within the 2 KiB that S3 allows, header names included, and come back whole or are named as left out', () => {
    const text = (maxLength: number) => fc.string({ unit: 'grapheme', maxLength });
    const labels = fc.record(
      {
        bucket: fc.string({ unit: fc.constantFrom('a', '-', "'", ' '), minLength: 1, maxLength: 100 }),
        name: fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 1024 })
          .filter(name => name.isWellFormed() && Buffer.byteLength(name) <= 1024),
        owner: fc.oneof(fc.constant(null), text(300)),
        contentType: text(300),
        file: text(300),
        contentEncoding: text(300),
        cacheControl: text(300),
        robots: text(300),
        userMetadata: fc.oneof(fc.json(), text(3000)),
      },
      { requiredKeys: ['bucket', 'name', 'owner', 'contentType'] },
    );
    fc.assert(
      fc.property(labels, given => {
        const kept = backAgain(given);
        expect(bytesOf(given)).toBeLessThanOrEqual(2048);
        expect(kept).toMatchObject({ bucket: given.bucket, name: given.name });
        for (const label of LABELS_BY_WORTH) {
          const isLeftOut = kept?.leftOut?.includes(label) === true;
          expect({ label, value: kept?.[label] || null }).toEqual({
            label,
            value: isLeftOut ? null : given[label] || null,
          });
        }
      }),
    );
  });

  it('are left out from the least worth on, and what is short enough has its place all the same', () => {
    const details = {
      contentEncoding: 'gzip',
      cacheControl: 'x'.repeat(400),
      robots: 'noindex',
      userMetadata: '{"a":1}',
    };
    expect(backAgain({ ...LONGEST, owner: 'her', contentType: 'text/plain', ...details })).toEqual({
      ...{ ...LONGEST, owner: 'her', contentType: 'text/plain' },
      ...{ contentEncoding: 'gzip', robots: 'noindex', userMetadata: '{"a":1}', leftOut: ['cacheControl'] },
    });
  });

  it('are never cut: half an owner would be another', () => {
    expect(backAgain(LONGEST)).toEqual({
      ...{ bucket: LONGEST.bucket, name: LONGEST.name, owner: null, contentType: '' },
      leftOut: ['owner', 'contentType'],
    });
  });

  it('are safe in a header and sorted by name', () => {
    const headers = labelHeaders({ ...LONGEST, name: 'a\u00e9 \u{1F3D6}/?&=\u0001', userMetadata: '{}' });
    for (const [, value] of headers) expect(value).toMatch(/^[A-Za-z0-9_,-]+$/);
    const names = headers.map(([name]) => name);
    expect(names).toEqual([...names].sort());
  });

  it('come back from the headers of an answer, and as the AWS SDK gives them', () => {
    const labels = { bucket: 'b', name: 'é/🏖️', owner: null, contentType: '' };
    expect(backAgain(labels)).toEqual(labels);
    expect(parseLabels(key => labelMetadata(labels)[key])).toEqual(labels);
  });
});
