import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import * as log from "@std/log";
import { BaseHandler } from "@std/log/base-handler";
import { ConsoleHandler } from "@std/log/console-handler";
import { jsonFormatter } from "@std/log/formatters";
import { getLogger } from "@std/log/get-logger";
import { getLevelByName, getLevelName, type LevelName, LogLevels } from "@std/log/levels";
import { Logger, LogRecord } from "@std/log/logger";
import { setup } from "@std/log/setup";

class MemoryHandler extends BaseHandler {
  readonly lines: string[] = [];
  readonly calls: string[] = [];

  log(msg: string): void {
    this.lines.push(msg);
  }

  override setup(): void {
    this.calls.push("setup");
  }

  override destroy(): void {
    this.calls.push("destroy");
  }
}

function loggerOf(level: LevelName, handler: BaseHandler): Logger {
  return new Logger("test", level, { handlers: [handler] });
}

Deno.test("getLevelByName() and getLevelName() name the six levels", () => {
  const names: LevelName[] = ["NOTSET", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"];
  assertEquals(names.map(getLevelByName), [0, 10, 20, 30, 40, 50]);
  assertEquals(names.map((name) => getLevelName(LogLevels[name])), names);
  assertThrows(() => getLevelByName("LOUD" as LevelName), Error);
});

Deno.test("Logger passes on records of its own level and above", () => {
  const handler = new MemoryHandler("NOTSET");
  const logger = loggerOf("WARN", handler);
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  logger.critical("e");
  assertEquals(handler.lines, ["WARN c", "ERROR d", "CRITICAL e"]);
  logger.levelName = "CRITICAL";
  logger.error("f");
  assertEquals(handler.lines.length, 3);
  assertEquals(logger.level, LogLevels.CRITICAL);
  assertThrows(() => logger.level = 7 as typeof logger.level, TypeError);
});

Deno.test("BaseHandler drops records below its own level", () => {
  const handler = new MemoryHandler("ERROR", { formatter: ({ msg, loggerName }) => `${loggerName}: ${msg}` });
  const logger = loggerOf("DEBUG", handler);
  logger.warn("a");
  logger.error("b");
  assertEquals(handler.lines, ["test: b"]);
});

Deno.test("Logger returns the message, and calls a message function only when its level is on", () => {
  const handler = new MemoryHandler("NOTSET");
  const logger = loggerOf("INFO", handler);
  let calls = 0;
  const message = () => `call ${++calls}`;
  assertEquals(logger.debug(message), undefined);
  assertEquals(calls, 0);
  assertEquals(logger.info(message), "call 1");
  assertEquals(logger.debug("off"), "off");
  assertEquals(logger.info(5), 5);
  assertEquals(handler.lines, ["INFO call 1", "INFO 5"]);
});

Deno.test("Logger makes a string of any message", () => {
  const handler = new MemoryHandler("NOTSET", { formatter: ({ msg }) => msg });
  const logger = loggerOf("INFO", handler);
  logger.info(null);
  logger.info(12n);
  logger.info(true);
  logger.info({ a: "x", b: { c: 1 } });
  logger.info(new TypeError("broken"));
  assertEquals(handler.lines.slice(0, 4), ["null", "12", "true", `{"a":"x","b":{"c":1}}`]);
  assertMatch(handler.lines[4] ?? "", /^TypeError: broken\n +at /);
});

Deno.test("LogRecord keeps its arguments and its time to itself", () => {
  const record = new LogRecord({ msg: "m", args: [1, 2], level: LogLevels.INFO, loggerName: "n" });
  record.args.push(3);
  record.datetime.setTime(0);
  assertEquals(record.args, [1, 2]);
  assert(record.datetime.getTime() > 0);
  assertEquals([record.msg, record.level, record.levelName, record.loggerName], ["m", 20, "INFO", "n"]);
});

Deno.test("jsonFormatter() writes one object, with a single argument unwrapped", () => {
  const format = (...args: unknown[]) => {
    const record = new LogRecord({ msg: "m", args, level: LogLevels.WARN, loggerName: "n" });
    const { datetime, ...rest } = JSON.parse(jsonFormatter(record));
    assertEquals(datetime, record.datetime.getTime());
    return rest;
  };
  assertEquals(format(), { level: "WARN", message: "m" });
  assertEquals(format({ a: 1 }), { level: "WARN", message: "m", args: { a: 1 } });
  assertEquals(format(1, "b"), { level: "WARN", message: "m", args: [1, "b"] });
  assertEquals(log.formatters.jsonFormatter, jsonFormatter);
});

Deno.test("setup() sets handlers up, destroys those before, and replaces the loggers", () => {
  const first = new MemoryHandler("DEBUG");
  const second = new MemoryHandler("DEBUG");
  try {
    setup({
      handlers: { memory: first },
      loggers: {
        default: { level: "DEBUG", handlers: ["memory"] },
        quiet: { handlers: ["memory", "absent"] },
      },
    });
    const before = getLogger();
    log.debug("one");
    getLogger("quiet").debug("below INFO, the level of a logger that names none");
    getLogger("quiet").info("two");
    assertEquals(first.lines, ["DEBUG one", "INFO two"]);
    setup({ handlers: { memory: second }, loggers: { default: { level: "INFO", handlers: ["memory"] } } });
    assertEquals([first.calls, second.calls], [["setup", "destroy"], ["setup"]]);
    assertNotStrictEquals(getLogger(), before);
    log.debug("off");
    assertEquals(log.error("three"), "three");
    assertEquals(second.lines, ["ERROR three"]);
  } finally {
    setup({});
  }
});

Deno.test("getLogger() has a default logger at INFO, and makes an unknown one without handlers", () => {
  assertEquals(getLogger().loggerName, "default");
  assertEquals(getLogger().levelName, "INFO");
  assertInstanceOf(getLogger().handlers[0], ConsoleHandler);
  const unknown = getLogger("no-such-logger");
  assertEquals(unknown.handlers, []);
  assertEquals(unknown.error("nowhere to go"), "nowhere to go");
  assertEquals(getLogger("no-such-logger"), unknown);
});

Deno.test("ConsoleHandler writes plain text to console.log without colours", () => {
  const handler = new ConsoleHandler("INFO", { useColors: false });
  const lines: unknown[][] = [];
  const original = console.log;
  console.log = (...args: unknown[]) => void lines.push(args);
  try {
    loggerOf("DEBUG", handler).error("text");
  } finally {
    console.log = original;
  }
  assertEquals(lines, [["ERROR text"]]);
});
