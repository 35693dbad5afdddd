import type { LogRecord } from "./logger.ts";

/** One JSON object: `level`, `datetime` in milliseconds, `message`, and `args` if there were any. */
export function jsonFormatter(logRecord: LogRecord): string {
  const args = logRecord.args;
  return JSON.stringify({
    level: logRecord.levelName,
    datetime: logRecord.datetime.getTime(),
    message: logRecord.msg,
    args: args.length > 1 ? args : args[0],
  });
}

/** The formatters by name. */
export const formatters: { readonly jsonFormatter: typeof jsonFormatter } = { jsonFormatter };
