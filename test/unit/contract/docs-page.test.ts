import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadContract } from '../../../src/contract/contract.ts';
import { html, inline, prose } from '../../../src/contract/docs-markup.ts';
import { makeDocsPage } from '../../../src/contract/docs-page.ts';
import { rowsOf } from '../../../src/contract/docs-schema.ts';
import { packageRoot } from '../../../src/package-root.ts';

const contract = loadContract(readFileSync(join(packageRoot(), 'openapi.yaml'), 'utf8'));
const page = makeDocsPage(contract);

describe('the documentation page', () => {
  it('loads nothing and runs nothing', () => {
    expect(page.html).not.toMatch(/<script|<iframe|\son\w+=|\sstyle=|@import|url\(/i);
    expect([...page.html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url)).not.toContainEqual(
      expect.stringMatching(/^(https?:)?\/\//),
    );
  });

  it('is allowed its own style by its content security policy, and nothing else', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page.html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page.contentSecurityPolicy).toContain("default-src 'none'");
    expect(page.contentSecurityPolicy).toContain(`style-src 'sha256-${hash}'`);
    expect(page.contentSecurityPolicy).not.toContain('unsafe');
  });

  it('has a section for every operation', () => {
    for (const id of contract.operations.keys()) expect(page.html).toContain(`<article id="${id}">`);
  });

  it('has every anchor once, and a target for every link', () => {
    const anchors = [...page.html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    const links = [...page.html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(anchors).toHaveLength(new Set(anchors).size);
    expect(anchors).toEqual(expect.arrayContaining(links));
  });

  it('shows a request as it goes over the wire', () => {
    expect(page.html).toContain(
      '<code>POST /object/sign/avatars/folder/cat.png\nAuthorization: Bearer &lt;token&gt;\nContent-Type: application/json\n\n{\n  &quot;expiresIn&quot;: 3600\n}</code>',
    );
  });
});

describe('markup', () => {
  it('escapes text wherever it enters', () => {
    const hostile = '<img src=x onerror="alert(1)">&';
    const escaped = '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;';
    expect(html`<p title="${hostile}">${hostile}</p>`.markup).toBe(`<p title="${escaped}">${escaped}</p>`);
    expect(inline(hostile).markup).toBe(escaped);
    expect(prose(`\`${hostile}\``).markup).toBe(`<p><code>${escaped}</code></p>`);
  });

  it('reads paragraphs, code and bold', () => {
    expect(prose('**a** `b`\n\nc').markup).toBe('<p><strong>a</strong> <code>b</code></p><p>c</p>');
  });
});

describe('a schema in words', () => {
  it('has a row for each property, however deep', () => {
    const names = { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } }, maxItems: 9 };
    const sortBy = { type: 'object', description: 'Order.', properties: { column: { enum: ['a', 'b'] } } };
    expect(rowsOf({ type: 'object', required: ['names'], properties: { names, sortBy } })).toEqual([
      { name: 'names', type: 'array of object', required: true, description: '(at most 9 items)' },
      { name: 'names[].name', type: 'string', required: false, description: '' },
      { name: 'sortBy', type: 'object', required: false, description: 'Order.' },
      { name: 'sortBy.column', type: '"a" | "b"', required: false, description: '' },
    ]);
  });

  it('has one unnamed row for a plain value', () => {
    expect(rowsOf({ type: ['integer', 'null'], minimum: 1, default: 7 })).toEqual([
      { name: '', type: 'integer | null', required: true, description: '(default `7`, at least 1)' },
    ]);
  });
});
