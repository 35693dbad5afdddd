/** What backtests and sweeps share in writing their output files. */
import { ConfigError } from "../../domain/process/config_error.ts";
import type { ResultHead } from "../../stores/results/result_file.ts";
import {
  type PlaceOptions,
  ResultFileError,
  type ResultPlace,
  resultPlaceAt,
} from "../../stores/results/result_place.ts";
import { PAGE_START } from "../../views/report/html_page.ts";

/** The environment that computes a result, for its head; `version` is Penstock's. */
export function environmentOf(version: string): ResultHead["environment"] {
  return {
    penstock: version,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    os: Deno.build.os,
    arch: Deno.build.arch,
  };
}

/**
 * Returns the file that is being opened. Throws a ConfigError if it cannot be written, because another name may work.
 */
export async function writable<T>(opening: Promise<T>, stop: AbortSignal): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    // A user who stops waiting for a pipe's reader has not chosen a wrong file.
    const isWrong = error instanceof ResultFileError && !stop.aborted;
    throw isWrong ? new ConfigError([error.message]) : error;
  }
}

/** Starts a page at `path`. Throws a ResultFileError if it cannot be written there. */
export async function openPage(path: string, options: PlaceOptions): Promise<ResultPlace> {
  const place = await resultPlaceAt(path, { ...options, start: PAGE_START });
  // Written at once, to distinguish the partial file of a killed process from other files.
  place.write(PAGE_START);
  return place;
}

/** Writes a page that `openPage` started, and gives the file its name. Throws a ResultFileError if that fails. */
export async function finishPage(place: ResultPlace, page: string): Promise<void> {
  place.write(page.slice(PAGE_START.length));
  await place.finish();
}
