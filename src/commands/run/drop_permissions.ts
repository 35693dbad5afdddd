/** What a run still has to be allowed once it is open, and what it gives up. */
import { hostsNeeded } from "../../exchanges/endpoints.ts";
import type { Config } from "../../config/options.ts";
import { dropPermissions } from "../../feeds/process/permissions.ts";
import { filesOfJournal } from "../../stores/journal/journal_names.ts";
import type { Line } from "../../views/terminal/narration.ts";
import { recordingTarget } from "./recording.ts";

/**
 * Gives up, for good, what a run with its journal and its recording open does not need any more: all but the hosts to
 * reconnect to, the lock beside the journal, which is removed at the end, looking at the journal's files, to see that
 * they are still there, and the folder of recordings, where each day gets a file and old ones are deleted. Says what
 * remains.
 */
export async function dropUnneededPermissions(config: Config): Promise<Line> {
  const { state } = config;
  const target = recordingTarget(config);
  const files = [
    ...(state === "none" ? [] : [state]),
    ...(target === null || target.isFolder ? [] : [target.path]),
  ];
  const needs = {
    hosts: hostsNeeded(config),
    writes: state === "none" ? [] : [`${state}.lock`],
    reads: [
      ...(state === "none" ? [] : filesOfJournal(await realPath(state))),
      // To see that it is still the same, and that what is deleted there is.
      ...(target?.isFolder === true ? [target.path] : []),
    ],
    folder: target?.isFolder === true ? target.path : null,
  };
  return { level: "info", text: await dropPermissions(needs, files) };
}

/** The path behind all links; as it is where nothing is. */
async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return path;
  }
}
