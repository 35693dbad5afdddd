/** The files of a backtest where some of what was given are folders of recordings. */
import type { Config } from "../../domain/options.ts";
import { UnusableInput } from "../../domain/unusable_input.ts";
import { withFoldersOpened } from "../../feeds/recording_folder.ts";

/** The files to read, and what to tell of those that were passed over, a sentence each. */
export interface OpenedFolders {
  readonly files: readonly string[];
  readonly passedOver: readonly string[];
}

/**
 * `paths` with the recordings of the configured symbol in place of their folders. Throws UnusableInput where there are
 * none, and as `withFoldersOpened` does.
 */
export async function recordingsOf(
  paths: readonly string[],
  { symbol }: Config,
  signal: AbortSignal,
): Promise<OpenedFolders> {
  const passedOver: string[] = [];
  const files = await withFoldersOpened(paths, {
    against: (head) => head.symbol === symbol ? null : `of ${head.symbol}`,
    onPassedOver: (text) => passedOver.push(text),
    signal,
  });
  if (files.length === 0 && !signal.aborted) {
    const why = passedOver.map((text) => ` (${text})`).join("");
    throw new UnusableInput(
      { name: paths.join(", ") },
      `no recording of ${symbol} is there${why}: choose with --symbol`,
    );
  }
  return { files, passedOver };
}
