/**
 * A whole HTML page that contains its script and style. Its Content-Security-Policy allows only these two, by their
 * hashes, so that no text in the page can run.
 */
import { Markup, markup } from "./markup.ts";

/** The parts of a page. */
export interface DocumentParts {
  /** The first line and the start tag of the page. */
  readonly start: string;
  readonly title: string;
  /** It may contain no script but the page's own. */
  readonly body: Markup;
  /** What `build/page.ts` has bundled. */
  readonly script: string;
  readonly style: string;
  /** Directives of the policy in addition to those of every page. */
  readonly sources: readonly string[];
}

/** A page and the policy in it, for a server that sends the policy as a header too. */
export interface HtmlDocument {
  readonly html: string;
  readonly policy: string;
}

/** The page. */
export async function documentOf(
  { start, title, body, script, style, sources }: DocumentParts,
): Promise<HtmlDocument> {
  const policy = [
    "default-src 'none'",
    `script-src '${await hashOf(script)}'`,
    // The charts place their parts with properties of elements, to which no policy applies.
    `style-src '${await hashOf(style)}'`,
    "img-src data:",
    ...sources,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const html = start + markup`
    <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="${policy}">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>${title} – Penstock</title>
      <link rel="icon" href="data:,">
      <style>${new Markup(style)}</style>
    </head>
    <body>
    ${body}
    <script type="module">${new Markup(script)}</script>
    </body>
    </html>
  `.text;
  return { html, policy };
}

async function hashOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(hash).toBase64()}`;
}
