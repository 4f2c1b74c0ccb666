/**
 * The contract as one HTML page for people: no scripts, nothing loaded from elsewhere, so it works offline and under the
 * strictest content security policy.
 */
import { createHash } from 'node:crypto';
import type { Contract, Operation } from './contract.ts';
import { html, inline, type Markup, NOTHING, prose } from './docs-markup.ts';
import { rowsOf } from './docs-schema.ts';
import { DOCS_STYLE } from './docs-style.ts';
import type { MediaType, Parameter, Reply } from './openapi-document.ts';

export interface DocsPage {
  readonly html: string;
  /** The value of the `Content-Security-Policy` header that the page is sent with. */
  readonly contentSecurityPolicy: string;
}

/** Renders the page. Worth keeping: it is the same at every call. */
export function makeDocsPage(contract: Contract): DocsPage {
  const styleHash = createHash('sha256').update(DOCS_STYLE).digest('base64');
  return {
    html: page(contract).markup,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

function page(contract: Contract): Markup {
  const { info, tags } = contract.document;
  const operations = [...contract.operations.values()];
  const groups = tags.map(tag => ({ ...tag, operations: operations.filter(operation => operation.tag === tag.name) }));
  const errors = sharedErrors(operations);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${info.title} API</title>
<link rel="icon" href="data:,">
<style>${{ markup: DOCS_STYLE }}</style>
</head>
<body>
<nav aria-label="Operations">
${groups.map(
  group =>
    html`<strong>${group.name}</strong><ul>${group.operations.map(
      ({ id, method }) => html`<li><a href="#${id}">${methodBadge(method)} <span>${id}</span></a></li>`,
    )}</ul>`,
)}
<strong>Errors</strong><ul>${[...errors.keys()].map(status => html`<li><a href="#error-${status}">${status}</a></li>`)}</ul>
</nav>
<main>
<h1>${info.title} <small>${info.version}</small></h1>
<p class="soft">${info.summary} <a href="openapi.json">openapi.json</a></p>
${prose(info.description)}
${groups.map(
  group => html`<section><h2 id="tag-${group.name}">${group.name}</h2><p>${inline(group.description)}</p>
${group.operations.map(operation => article(operation, errors))}</section>`,
)}
<section><h2 id="errors">Errors</h2><dl>${[...errors].map(
    ([status, reply]) => html`<dt id="error-${status}"><strong>${status}</strong></dt><dd>${replyBody(reply)}</dd>`,
  )}</dl></section>
</main>
</body>
</html>
`;
}

/** What every operation says of a status in the same way, told once at the end of the page. */
function sharedErrors(operations: readonly Operation[]): ReadonlyMap<string, Reply> {
  const told = new Map<string, Reply>();
  for (const { described } of operations.filter(({ method }) => method !== 'HEAD')) {
    for (const [status, reply] of Object.entries(described.responses)) {
      if (/^[45]/.test(status) && !told.has(status)) told.set(status, reply);
    }
  }
  return new Map([...told].sort(([a], [b]) => a.localeCompare(b)));
}

function article(operation: Operation, errors: ReadonlyMap<string, Reply>): Markup {
  const { id, method, path, described } = operation;
  const parameters = described.parameters ?? [];
  return html`<article id="${id}">
<h3><a href="#${id}">${described.summary}</a></h3>
<div class="route">${methodBadge(method)}<span class="path">${path}</span><span class="tag">${credentials(operation)}</span><span class="soft">${id}</span></div>
${prose(described.description)}
${parameters.length === 0 ? NOTHING : html`<h4>Parameters</h4>${parameterTable(parameters)}`}
${requestBody(operation)}
<h4>Example</h4><pre><code>${exampleRequest(operation)}</code></pre>
<h4>Replies</h4>${replies(operation, errors)}
</article>
`;
}

function methodBadge(method: string): Markup {
  return html`<span class="method ${method.toLowerCase()}">${method}</span>`;
}

function credentials({ requiresAuthorization, described }: Operation): string {
  if (requiresAuthorization) return 'token required';
  return described.security.length > 0 ? 'token optional' : 'no token';
}

function parameterTable(parameters: readonly Parameter[]): Markup {
  return table(
    parameters.map(({ name, in: place, required, description, schema }) => {
      const [row] = rowsOf(schema);
      const note = [description, row?.description ?? ''].filter(Boolean).join(' ');
      return { name, type: `${row?.type ?? ''}, in ${place}`, required: required === true, description: note };
    }),
  );
}

function table(rows: ReturnType<typeof rowsOf>): Markup {
  return html`<div class="scroll"><table><thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${rows.map(
    ({ name, type, required, description }) =>
      html`<tr><td><code>${name === '' ? 'value' : name}</code>${required ? html` <span class="soft">required</span>` : NOTHING}</td><td>${type}</td><td>${inline(description)}</td></tr>`,
  )}</tbody></table></div>`;
}

function requestBody({ described: { requestBody: body } }: Operation): Markup {
  if (body === undefined) return NOTHING;
  const note = body.required === true ? 'required' : 'optional';
  return html`<h4>Body (${note})</h4>${body.description === undefined ? NOTHING : prose(body.description)}
${Object.entries(body.content).map(
  ([type, media]) => html`<p><code>${type}</code></p>${table(rowsOf(media.schema))}${examples(media)}`,
)}`;
}

function examples(media: MediaType): Markup {
  const named = Object.values(media.examples ?? {});
  return html`${named.map(
    ({ summary, value }) =>
      html`<details><summary>${summary ?? 'Example'}</summary><pre><code>${pretty(value)}</code></pre></details>`,
  )}`;
}

function pretty(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** The request as it goes over the wire, put together from the examples of its parts. */
function exampleRequest(operation: Operation): string {
  const { method, path, requiresAuthorization, described } = operation;
  const parameters = described.parameters ?? [];
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    String(parameters.find(p => p.name === name)?.example ?? name),
  );
  const query = parameters.filter(parameter => parameter.in === 'query' && parameter.required === true);
  const search = query.map(({ name, example }) => `${name}=${String(example)}`).join('&');
  const [type, media] = Object.entries(described.requestBody?.content ?? {})[0] ?? [];
  const sent = media === undefined ? undefined : (media.example ?? Object.values(media.examples ?? {})[0]?.value);
  const lines = [`${method} ${filled}${search === '' ? '' : `?${search}`}`];
  if (requiresAuthorization) lines.push('Authorization: Bearer <token>');
  if (media !== undefined) lines.push(`Content-Type: ${type === '*/*' ? 'image/png' : type}`, '', pretty(sent));
  return lines.join('\n');
}

function replies({ described }: Operation, errors: ReadonlyMap<string, Reply>): Markup {
  const entries = Object.entries(described.responses);
  const told = (status: string, reply: Reply) => /^[45]/.test(status) && isToldOnce(reply, errors.get(status));
  const own = entries.filter(([status, reply]) => !told(status, reply));
  const shared = entries.filter(([status, reply]) => told(status, reply));
  return html`${own.map(
    ([status, reply]) =>
      html`<details><summary><strong>${status}</strong> ${inline(reply.description)}</summary>${replyBody({
        ...reply,
        description: '',
      })}</details>`,
  )}<p class="soft">Errors: ${shared.map(([status]) => html`<a href="#error-${status}">${status}</a> `)}</p>`;
}

/** Errors of HEAD are those of GET without their bodies. */
function isToldOnce(reply: Reply, shared: Reply | undefined): boolean {
  return shared !== undefined && (reply === shared || reply.content === undefined);
}

function replyBody({ description, headers = {}, content = {} }: Reply): Markup {
  const headerRows = Object.entries(headers).map(([name, { description: note, schema }]) => ({
    name,
    type: rowsOf(schema)[0]?.type ?? '',
    required: false,
    description: note,
  }));
  return html`${description === '' ? NOTHING : prose(description)}${headerRows.length === 0 ? NOTHING : table(headerRows)}
${Object.entries(content).map(
  ([type, media]) =>
    html`<p><code>${type}</code></p>${table(rowsOf(media.schema))}${
      'example' in media ? html`<pre><code>${pretty(media.example)}</code></pre>` : examples(media)
    }`,
)}`;
}
