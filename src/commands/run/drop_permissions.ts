/** Drops the permissions that a run does not need once it is open. */
import { hostsNeeded } from "../../exchanges/endpoints.ts";
import type { Config } from "../../config/options.ts";
import { dropPermissions } from "../../feeds/process/permissions.ts";
import { polledFiles } from "../../stores/journal/journal_follower.ts";
import { storeOf } from "../../stores/journal/known_stores.ts";
import type { Line } from "../../views/view.ts";
import { recordingTarget } from "./recording.ts";

/**
 * Permanently drops every permission that a run no longer needs once its journal and its recording are open. It keeps
 * the hosts to reconnect to, the files that the journal's store still needs (to check that they exist, and to remove
 * its lock; for a live page, to read them), and the folder of recordings (each day gets a file, and old ones are
 * deleted). Returns a log line that lists what remains.
 */
export async function dropUnneededPermissions(config: Config): Promise<Line> {
  const { state } = config;
  const target = recordingTarget(config);
  const store = state === "none" ? null : await storeOf(state);
  const { reads = [], writes = [], hosts = [] } = store?.files(state) ?? {};
  const files = [
    ...(store?.isInFiles ? [state] : []),
    ...(target === null || target.isFolder ? [] : [target.path]),
  ];
  const needs = {
    // A lost connection to a database has to be reopened.
    hosts: [...hostsNeeded(config), ...hosts],
    writes,
    reads: [
      ...reads,
      ...(config.watch ? polledFiles(state) : []),
      // To check that the folder is still the same one, and to check files before deleting them.
      ...(target?.isFolder === true ? [target.path] : []),
    ],
    folder: target?.isFolder === true ? target.path : null,
  };
  return { level: "info", text: await dropPermissions(needs, files) };
}
