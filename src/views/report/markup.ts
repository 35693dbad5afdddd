/** HTML from templates in which every inserted text is escaped. */

/** Markup that is safe to insert. */
export class Markup {
  readonly text: string;

  /** `text` is markup; only `markup` and this file's callers with constant text may make it. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template accepts: text is escaped, markup is inserted, lists are joined, null adds nothing. */
export type Inserted = string | number | Markup | null | readonly Inserted[];

/**
 * A template tag that escapes what it inserts.
 *
 * @example
 * ```ts
 * import { markup } from "./markup.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(markup`<p>${"a < b"}</p>`.text, "<p>a &lt; b</p>");
 * ```
 */
export function markup(texts: TemplateStringsArray, ...inserted: readonly Inserted[]): Markup {
  return new Markup(texts.reduce((all, text, at) => all + markupOf(inserted[at - 1] ?? null) + text));
}

function markupOf(inserted: Inserted): string {
  if (inserted === null) return "";
  if (inserted instanceof Markup) return inserted.text;
  if (typeof inserted === "object") return inserted.map(markupOf).join("");
  return escaped(String(inserted));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as markup, in elements and in quoted attributes. Control characters become replacement characters. */
export function escaped(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "\uFFFD").replace(
    /[&<>"']/g,
    (character) => ENTITIES[character]!,
  );
}
