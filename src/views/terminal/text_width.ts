/** How many columns of a terminal a text takes. East Asian characters take two, and combining marks none. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu;
const MARKS = /\p{M}/gu;
/** Only characters other than ASCII, boxes, shapes and Braille may take more or less than one column. */
const OTHERS = /[^ -~\u2500-\u28ff]/;

/**
 * How many columns a text takes.
 *
 * @example
 * ```ts
 * import { textWidth } from "./text_width.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals([textWidth("BTCUSDT"), textWidth("币安人生USDT")], [7, 12]);
 * ```
 */
export function textWidth(text: string): number {
  if (!OTHERS.test(text)) return text.length;
  const bare = text.replace(MARKS, "");
  return [...bare].length + (bare.match(WIDE)?.length ?? 0);
}

/** The text, padded with spaces on the right to `width` columns. */
export function padRight(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** The text, padded with spaces on the left to `width` columns. */
export function padLeft(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - textWidth(text))) + text;
}

/**
 * The text in lines of at most `width` columns. Lines break between phrases, which are two spaces apart, and between
 * the words of a phrase that is too long. A longer word gets its own line.
 */
export function brokenTo(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const [at, phrase] of text.split("  ").entries()) {
    const pieces = textWidth(phrase) <= width ? [phrase] : phrase.split(" ");
    for (const [no, piece] of pieces.entries()) {
      const last = lines.at(-1);
      const longer = last === undefined ? piece : `${last}${no > 0 ? " " : at > 0 ? "  " : ""}${piece}`;
      if (last !== undefined && textWidth(longer) > width) lines.push(piece);
      else lines.splice(-1, 1, longer);
    }
  }
  return lines;
}

/** The text, cut off with an ellipsis if it takes more than `width` columns. */
export function cutTo(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let [kept, left] = ["", Math.max(0, width - 1)];
  for (const character of text) {
    left -= textWidth(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}
