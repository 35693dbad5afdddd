/** `penstock release`, or `resume`: ends the halt of a run, even while the run is active. */
import type { Started } from "../config/command.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import type { Halt } from "../domain/risk/halt.ts";
import { releaseHalt } from "../stores/journal/halt_release.ts";
import { printable, writeText } from "../views/terminal/terminal.ts";

/** A run checks for requests every second. */
const WAIT_MS = 5_000;

/** Releases the halt and prints the outcome. Throws a ConfigError without a reason. */
export async function release({ config: { reason }, files: [path = ""], signal }: Started): Promise<void> {
  if (reason === null) {
    throw new ConfigError([
      "--reason is missing: expected why the halt ends, such as --reason 'reviewed'",
    ]);
  }
  const note = { time: Date.now() * 1000, text: reason };
  const { halt, how } = await releaseHalt(path, note, { waitMs: WAIT_MS, signal });
  const which = `The halt in ${path} (${whyOf(halt)})`;
  const texts = {
    here: `${which} is released: ${reason}. Loss limits count from now on. ` +
      "The next start of the run trades again.",
    next: `${which} is released: ${reason}. Another halt is filed for the next start of the run: release ` +
      "once more to withdraw that one too.",
    withdrawn:
      `The halt that was filed in ${path} for the next start of the run is withdrawn: the run will trade.`,
    done: `${which} is released: ${reason}. Loss limits count from now on. The run trades again.`,
    filed:
      `The release of the halt in ${path} (${whyOf(halt)}) is filed, but the run has not answered yet: ` +
      "it checks for requests every second, and whenever it starts.",
  };
  writeText(Deno.stdout, `${printable(texts[how])}\n`);
}

function whyOf({ reason, value, limit, tradeId }: Halt): string {
  return reason === "manual" ? "by hand" : `${reason}, ${value} at a limit of ${limit}, at trade ${tradeId}`;
}
