/** The target of a run's recording, from `--record`: a file, or a folder with one file per day. */
import type { Clock } from "../../domain/process/clock.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { Config } from "../../config/options.ts";
import type { JournalPlace } from "../../domain/recording/recording_note.ts";
import { folderNamed } from "../../stores/files/data_folder.ts";
import type { Recording } from "../../stores/recording/recording.ts";
import type { Line } from "../../views/view.ts";

/** A target for a recording. */
export interface RecordingTarget {
  /** Without a slash at the end. */
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * The target that `--record` names, or null. It is a folder if it ends in a slash or exists as one. Throws a
 * ConfigError if `--record-keep` is given without a folder.
 */
export function recordingTarget({ record, recordKeep }: Config): RecordingTarget | null {
  const folder = record === null ? null : folderNamed(record);
  if (recordKeep !== null && folder === null) {
    const found = record === null ? "nothing is recorded" : `--record is the file ${record}`;
    throw new ConfigError([
      `--record-keep deletes old recordings of a folder, but ${found}: expected --record FOLDER/`,
    ]);
  }
  if (record === null) return null;
  return folder === null ? { path: record, isFolder: false } : { path: folder, isFolder: true };
}

/** Starts the recording. Throws a RecordingError if it cannot be created. */
export async function startRecording(
  { path, isFolder }: RecordingTarget,
  { symbol, exchange, speed, recordKeep: keepMs }: Config,
  { journal, log, clock }: {
    readonly journal: JournalPlace | undefined;
    readonly log: (line: Line) => void;
    readonly clock: Clock;
  },
): Promise<Recording> {
  const { Recording } = await import("../../stores/recording/recording.ts");
  const onTrouble = (text: string): void => log({ level: "warn", text });
  const options = { symbol, exchange, speed, journal, onTrouble, clock };
  if (!isFolder) return Recording.create(path, options);
  const [{ RecordingFolder }, { RecordingRetention }] = await Promise.all([
    import("../../stores/recording/recording_folder.ts"),
    import("../../stores/recording/recording_retention.ts"),
  ]);
  const onDeleted = (text: string): void => log({ level: "info", text });
  const retention = keepMs === null ? null : RecordingRetention.of(path, { keepMs, onDeleted, onTrouble });
  return Recording.createIn(new RecordingFolder(path, retention), options);
}
