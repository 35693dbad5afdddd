/** `penstock halt`: halts a run by hand, and with `--flatten` sells its position as well. */
import type { Started } from "../config/command.ts";
import { haltRun } from "../stores/journal/run_halt.ts";
import { printable, writeText } from "../views/terminal/terminal.ts";

/** A run checks for requests every second. */
const WAIT_MS = 5_000;

/** Requests the halt and prints the outcome. Throws like `haltRun`. */
export async function halt({ config, files: [path = ""], signal }: Started): Promise<void> {
  const action = config.flatten ? "flatten" : "hold";
  const note = { action, time: Date.now() * 1000, text: config.reason } as const;
  const how = await haltRun(path, note, { waitMs: WAIT_MS, signal });
  const what = action === "flatten"
    ? "its position is sold at the next trade, and nothing is traded after that"
    : "no more buys";
  const until = `until "penstock release ${path} --reason TEXT"`;
  const texts = {
    done: `The run in ${path} is halted: ${what}, ${until}.`,
    filed: `A halt of the run in ${path} is filed, but the run has not answered yet: it checks for ` +
      "requests every second, and whenever it starts.",
    waiting: `The run in ${path} is not running. The halt is filed: at its next start the run halts before ` +
      `it trades: ${what}, ${until}.`,
  };
  writeText(Deno.stdout, `${printable(texts[how])}\n`);
}
