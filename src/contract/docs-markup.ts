/** HTML as values: text is escaped wherever it enters, so nothing in the contract can become markup by accident. */

/** A piece of HTML that is safe to insert as it is. */
export interface Markup {
  readonly markup: string;
}

/** Builds HTML from a template. Strings and numbers are escaped, markup is inserted, lists are joined. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Markup | readonly Markup[])[]
): Markup {
  return { markup: parts.map((part, index) => part + inserted(values[index] ?? '')).join('') };
}

export const NOTHING: Markup = { markup: '' };

function inserted(value: string | number | Markup | readonly Markup[]): string {
  if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value));
  if ('markup' in value) return value.markup;
  return value.map(({ markup }) => markup).join('');
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The little Markdown that descriptions use: blank lines between paragraphs, `code`, **bold**. */
export function prose(text: string): Markup {
  const paragraphs = text.trim().split(/\n\s*\n/);
  return html`${paragraphs.map(paragraph => html`<p>${inline(paragraph)}</p>`)}`;
}

/** One line of the same Markdown. */
export function inline(text: string): Markup {
  const marked = escapeText(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
  return { markup: marked };
}
