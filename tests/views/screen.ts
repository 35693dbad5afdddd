/** What a terminal would show of some output: enough of one for a log and a live line under it. */

// deno-lint-ignore no-control-regex -- terminal escapes are what is looked for
const TOKEN = /\x1b\[[\d;]*[A-Za-z]|[^]/gu;
const COLOUR = /\[[\d;]*m$/;

/** A terminal of any width that knows line breaks, carriage returns, clearing a line, and colours. */
export class Screen {
  /** The lines from the top; the last is the one the cursor is on. */
  readonly lines: string[] = [""];
  /** How often a line was cleared: a live line does that, a plain log never. */
  readonly cleared: number = 0;

  /** Shows `output`; fails on an escape sequence that it does not know. */
  constructor(output: string) {
    let column = 0;
    for (const [token] of output.matchAll(TOKEN)) {
      const line = this.lines.length - 1;
      if (token === "\n") this.lines.push("");
      if (token === "\n" || token === "\r") column = 0;
      else if (token === "\x1b[K") {
        this.lines[line] = this.lines[line]!.slice(0, column);
        this.cleared++;
      } else if (!COLOUR.test(token)) {
        if (token < " ") {
          throw new TypeError(`Not a sequence that this terminal knows: ${JSON.stringify(token)}`);
        }
        const shown = [...this.lines[line]!];
        shown[column++] = token;
        this.lines[line] = shown.join("");
      }
    }
  }
}
