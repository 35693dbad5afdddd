/** A sweep in its own process, since tries are counted in `data/` of its working folder, which threads share. */
import { assertEquals } from "@std/assert";
import { commandLine, eventsOf, type PrintedEvent } from "./penstock.ts";

const FLAGS = ["--no-prompt", "--allow-read", "--allow-write"];

/** The events of a sweep with these words, in `folder` or else in its own. It must succeed and log nothing. */
export async function sweepEvents(
  args: readonly string[],
  folder: string | null = null,
): Promise<PrintedEvent[]> {
  const cwd = folder ?? await Deno.makeTempDir({ prefix: "penstock-sweep-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: commandLine(["sweep", "--json", "--log-level=error", ...args], FLAGS),
      cwd,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals([code, text(stderr)], [0, ""]);
    return eventsOf(text(stdout));
  } finally {
    if (folder === null) await Deno.remove(cwd, { recursive: true });
  }
}
