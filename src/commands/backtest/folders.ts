/** The files of a backtest if some of the paths are folders of recordings. */
import type { Config } from "../../config/options.ts";
import { symbolsIn } from "../../domain/recording/recording_note.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { skippedText, withFoldersOpened } from "../../feeds/files/recording_folder.ts";

/** The files to read, and a warning about each that was skipped. */
export interface OpenedFolders {
  readonly files: readonly string[];
  readonly skipped: readonly string[];
}

/**
 * Replaces folders in `paths` by the recordings of the configured symbol in them. Throws UnusableInput if there are
 * none, and like `withFoldersOpened`.
 */
export async function recordingsOf(
  paths: readonly string[],
  { symbol }: Config,
  signal: AbortSignal,
): Promise<OpenedFolders> {
  const skipped: string[] = [];
  const others = new Set<string>();
  const files = await withFoldersOpened(paths, {
    against: (head) => {
      const symbols = symbolsIn(head);
      if (symbols.includes(symbol)) return null;
      for (const other of symbols) others.add(other);
      return `of ${symbols.join(" and ")}`;
    },
    onSkipped: (files) => skipped.push(skippedText(files)),
    signal,
  });
  if (files.length === 0 && !signal.aborted) {
    throw new UnusableInput(
      { name: paths.join(", ") },
      `it holds no recording of ${symbol}, only of ${[...others].join(", ")}: choose one with --symbol`,
    );
  }
  return { files, skipped };
}
