import { state } from "./_state.ts";
import { ConsoleHandler } from "./console_handler.ts";
import { type LogConfig, Logger } from "./logger.ts";

export type { LogConfig };

const defaults = {
  handlers: { default: new ConsoleHandler("INFO") },
  loggers: { default: { level: "INFO", handlers: ["default"] } },
} satisfies LogConfig;

/**
 * Replaces all handlers and loggers. The handler and the logger named `default` stay as they are by default
 * where the configuration does not name them.
 */
export function setup(config: LogConfig): void {
  for (const handler of state.handlers.values()) handler.destroy();
  state.handlers.clear();
  for (const [name, handler] of Object.entries({ ...defaults.handlers, ...config.handlers })) {
    handler.setup();
    state.handlers.set(name, handler);
  }
  state.loggers.clear();
  for (const [name, logger] of Object.entries({ ...defaults.loggers, ...config.loggers })) {
    const handlers = (logger.handlers ?? []).flatMap((handlerName) => state.handlers.get(handlerName) ?? []);
    state.loggers.set(name, new Logger(name, logger.level ?? "INFO", { handlers }));
  }
}

setup({});
