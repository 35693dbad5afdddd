import { state } from "./_state.ts";
import { Logger } from "./logger.ts";

export type { Logger };

/** The logger of that name, the default one without a name. An unknown name makes a logger without handlers. */
export function getLogger(name?: string): Logger {
  if (!name) {
    const logger = state.loggers.get("default");
    if (logger === undefined) {
      throw new Error(`"default" logger must be set for getting logger without name`);
    }
    return logger;
  }
  let logger = state.loggers.get(name);
  if (logger === undefined) {
    logger = new Logger(name, "NOTSET", { handlers: [] });
    state.loggers.set(name, logger);
  }
  return logger;
}
