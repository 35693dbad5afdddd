/** Fills the marked places of pages with samples. */

/** The comment before a sample, and the sample: a fenced block, or everything up to `<!-- end -->`. */
const PLACE = /(<!-- sample: ([\w-]+) -->\n\n)(?:(```\w*\n)[^]*?(\n```)(?=\n|$)|[^]*?((?:\n)?<!-- end -->))/g;

/** The names of the samples that a page has places for, in order. */
export function placesIn(page: string): string[] {
  return [...page.matchAll(PLACE)].map(([, , name]) => name!);
}

/**
 * The page with every place filled.
 *
 * @throws {RangeError} if a place names a sample that `samples` lacks
 *
 * @example
 * ```ts
 * import { filledPage } from "./pages.ts";
 * import { assertEquals } from "@std/assert";
 * const page = "<!-- sample: greeting -->\n\nold\n\n<!-- end -->\n";
 * assertEquals(filledPage(page, { greeting: "hello" }), "<!-- sample: greeting -->\n\nhello\n\n<!-- end -->\n");
 * ```
 */
export function filledPage(page: string, samples: Readonly<Record<string, string>>): string {
  return page.replace(PLACE, (_, marker: string, name: string, fence?: string, closing?: string) => {
    const sample = samples[name];
    if (sample === undefined) throw new RangeError(`No sample is called ${name}`);
    return fence === undefined
      ? `${marker}${sample}\n\n<!-- end -->`
      : `${marker}${fence}${sample}${closing}`;
  });
}
