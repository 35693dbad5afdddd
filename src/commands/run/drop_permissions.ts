/** Drops the permissions that a run does not need once it is open. */
import { hostsNeeded } from "../../exchanges/endpoints.ts";
import type { Config } from "../../config/options.ts";
import { dropPermissions } from "../../feeds/process/permissions.ts";
import { filesOfJournal } from "../../stores/journal/sqlite/journal_names.ts";
import type { Line } from "../../views/view.ts";
import { recordingTarget } from "./recording.ts";

/**
 * Drops for good every permission that a run no longer needs once its journal and its recording are open. It keeps
 * the hosts to reconnect to, the lock beside the journal (removed at the end), reading the journal's files (to see
 * that they are still there) and the folder of recordings (each day gets a file, and old ones are deleted). Returns a
 * log line that says what remains.
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
      // To check that the folder is still the same one, and what is deleted in it.
      ...(target?.isFolder === true ? [target.path] : []),
    ],
    folder: target?.isFolder === true ? target.path : null,
  };
  return { level: "info", text: await dropPermissions(needs, files) };
}

/** The path with all links followed; unchanged if nothing is there. */
async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return path;
  }
}
