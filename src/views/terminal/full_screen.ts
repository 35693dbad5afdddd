/** A whole screen of a terminal: the text to write so that it shows given rows. */
import { type Row, rowText, rowWidth, type ScreenSize } from "./styled_rows.ts";

/** Switches to a screen separate from the log, without wrapping and without a cursor; and back. */
export const ENTER = "\x1b[?1049h\x1b[?7l\x1b[?25l";
export const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const CLEAR = "\x1b[2J";
/** Written around a frame. Terminals that know these codes show the whole frame at once; others ignore them. */
const [START, END] = ["\x1b[?2026h", "\x1b[?2026l"] as const;
const REST = "\x1b[K";

/** Draws frames, each as the difference from the previous one. */
export class FullScreen {
  readonly #colours: boolean;
  #shown: string[] = [];
  #size: ScreenSize | null = null;

  constructor(colours: boolean) {
    this.#colours = colours;
  }

  /** The text that makes the screen show these rows; empty if it does already. */
  frame(rows: readonly Row[], size: ScreenSize): string {
    const isNew = this.#size === null || size.columns !== this.#size.columns || size.rows !== this.#size.rows;
    if (isNew) this.#shown = [];
    this.#size = size;
    let changes = isNew ? CLEAR : "";
    for (const [at, row] of rows.entries()) {
      const text = rowText(row, this.#colours);
      if (this.#shown[at] === text) continue;
      // After the last column the cursor is still on the last character, which would be cleared too.
      const rest = isNew || rowWidth(row) >= size.columns ? "" : REST;
      changes += `\x1b[${at + 1};1H${text}${rest}`;
      this.#shown[at] = text;
    }
    return changes === "" ? "" : `${START}${changes}${END}`;
  }

  /** Makes the next frame draw everything, because the screen may show something else by now. */
  forget(): void {
    this.#size = null;
  }
}
