/** `penstock resume`: releases the halt that a run's journal holds. */
import type { Started } from "../domain/command.ts";
import { ConfigError } from "../domain/config.ts";
import { releaseHalt } from "../stores/halt_release.ts";
import { writeText } from "../views/terminal.ts";

/** Writes the release into the journal and says what was released; a ConfigError without a reason. */
export function resume({ config: { reason }, files: [path = ""] }: Started): void {
  if (reason === null) {
    throw new ConfigError([
      "--reason is missing: expected why the halt may end, such as --reason 'reviewed'",
    ]);
  }
  const halt = releaseHalt(path, { time: Date.now() * 1000, text: reason });
  const why = halt.reason === "manual"
    ? "by hand"
    : `${halt.reason}, ${halt.value} at a limit of ${halt.limit}, at trade ${halt.tradeId}`;
  writeText(
    Deno.stdout,
    `The halt in ${path} (${why}) is released: ${reason}. Losses count anew from here. ` +
      "The next start of the run trades again.\n",
  );
}
