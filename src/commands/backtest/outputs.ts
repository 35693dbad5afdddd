/** What backtests and sweeps have in common about the files that they write. */
import { ConfigError } from "../../domain/process/config_error.ts";
import type { ResultHead } from "../../stores/results/result_file.ts";
import { ResultFileError } from "../../stores/results/result_place.ts";

/** What computes a result, for its head; `version` is that of Penstock. */
export function environmentOf(version: string): ResultHead["environment"] {
  return {
    penstock: version,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    os: Deno.build.os,
    arch: Deno.build.arch,
  };
}

/** The file that is being opened. Throws a ConfigError if it cannot be written, because another name may work. */
export async function writable<T>(opening: Promise<T>, stop: AbortSignal): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    // A user who stops waiting for a pipe's reader has not chosen a wrong file.
    const isWrong = error instanceof ResultFileError && !stop.aborted;
    throw isWrong ? new ConfigError([error.message]) : error;
  }
}
