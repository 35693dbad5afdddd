/** What a run still has to be allowed once it is open, and what it gives up. */
import { hostsNeeded } from "../../domain/endpoints.ts";
import type { Config } from "../../domain/options.ts";
import { giveUp } from "../../feeds/permissions.ts";
import { filesOfJournal } from "../../stores/journal_names.ts";
import type { Line } from "../../views/narration.ts";

/**
 * Gives up, for good, what a run with its journal and its recording open does not need any more: all but the hosts to
 * reconnect to, the lock beside the journal, which is removed at the end, and looking at the journal's files, to see that
 * they are still there. Says what remains.
 */
export async function giveUpUnneeded(config: Config): Promise<Line> {
  const { state, record } = config;
  const files = [state, record].filter((path) => path !== null && path !== "none") as string[];
  const writes = state === "none" ? [] : [`${state}.lock`];
  const reads = state === "none" ? [] : filesOfJournal(await realPath(state));
  return { level: "info", text: await giveUp({ hosts: hostsNeeded(config), writes, reads }, files) };
}

/** The path behind all links; as it is where nothing is. */
async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return path;
  }
}
