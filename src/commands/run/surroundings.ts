/** The environment of a live run. */
import type { Config } from "../../config/options.ts";
import type { Runtime } from "../../feeds/live/runtime.ts";
import type { Journal } from "../../stores/journal/journal.ts";
import type { RunJournal } from "../../stores/journal/run_journal.ts";
import { type OpenView, VIEWS } from "../../views/known_views.ts";
import { ownDevice, type TerminalDevice } from "../../views/terminal/device.ts";
import type { Line } from "../../views/view.ts";
import { dropUnneededPermissions } from "./drop_permissions.ts";
import { startRecording } from "./recording.ts";

/** How a run's journal is opened and kept. */
export interface Journals {
  readonly open: typeof Journal.open;
  readonly RunJournal: typeof RunJournal;
}

/** The runtime, the disk and the terminal of a run; a simulation has its own. */
export interface Surroundings {
  readonly runtime: Runtime;
  /** Whether to watch the memory that a connection takes. */
  readonly watchesMemory: boolean;
  readonly views: readonly OpenView[];
  /** The user's terminal with its keyboard; null without one. */
  readonly device: () => TerminalDevice | null;
  readonly journals: () => Promise<Journals>;
  readonly startRecording: typeof startRecording;
  /** Drops the permissions that an open run does not need, and returns a log line about it. */
  readonly dropPermissions: (config: Config) => Promise<Line>;
}

/** The surroundings of this process. */
export const HERE: Surroundings = {
  runtime: globalThis,
  watchesMemory: true,
  views: VIEWS,
  device: () => ownDevice(Deno.stdin, Deno.stdout, Deno.stderr),
  // A run without a journal does not load SQLite.
  journals: async () => {
    const [{ Journal: { open } }, { RunJournal }] = await Promise.all([
      import("../../stores/journal/journal.ts"),
      import("../../stores/journal/run_journal.ts"),
    ]);
    return { open, RunJournal };
  },
  startRecording,
  dropPermissions: dropUnneededPermissions,
};
