import { assert, assertEquals, assertMatch } from "@std/assert";
import { LogRecord } from "@std/log/logger";
import { LogLevels } from "@std/log/levels";
import fc from "fast-check";
import { jsonLine, openLog, textLine } from "../../../src/views/terminal/log.ts";
import { LiveTerminal } from "../../../src/views/terminal/terminal.ts";
import { ANY_CHARACTER } from "../../support/any_character.ts";

const anything = fc.string({ unit: ANY_CHARACTER });

function record(msg: string, level: (typeof LogLevels)[keyof typeof LogLevels] = LogLevels.INFO): LogRecord {
  return new LogRecord({ msg, level, args: [], loggerName: "penstock" });
}

/** Opens the log on a list of lines. */
function open(level: "debug" | "info" | "warn" | "error", format: "text" | "json") {
  const lines: string[] = [];
  const sink = {
    write(bytes: Uint8Array) {
      lines.push(...new TextDecoder().decode(bytes).trimEnd().split("\n"));
      return Promise.resolve(bytes.length);
    },
  };
  const terminal = new LiveTerminal(sink);
  const log = openLog({ level, format, colours: false }, terminal);
  return { log, lines, settled: () => terminal.settled(new AbortController().signal) };
}

Deno.test("textLine() shows time, level and message, and uses colours only if asked", () => {
  assertMatch(textLine(record("hello"), false), /^\d\d:\d\d:\d\d\.\d{3} INFO {2}hello$/);
  assertMatch(textLine(record("hello", LogLevels.ERROR), false), / ERROR hello$/);
  const coloured = textLine(record("hello", LogLevels.WARN), true);
  assertEquals(coloured.replaceAll(/[\d:.]{12}/g, "TIME"), "\x1b[90mTIME\x1b[0m \x1b[33mWARN \x1b[0m hello");
});

Deno.test("textLine() breaks a long message between phrases and words if it knows the number of columns", () => {
  const fill = "BUY 0.01666 BTC @ 60,003.85  fee 1.00  cash 8,999.34  (sma 60,001.86 > 60,001.09)";
  const under = `\n${" ".repeat(19)}`;
  const broken = (text: string, columns?: number) => textLine(record(text), false, columns).slice(19);
  assertEquals(broken(fill, 80), fill.replace("  (", `${under}(`));
  assertEquals(
    broken("permissions kept: network to 127.0.0.1:43495", 49),
    `permissions kept: network to${under}127.0.0.1:43495`,
  );
  assertEquals(broken("x".repeat(40), 49), "x".repeat(40));
  // Without a terminal, and on a very narrow one, a message is one line.
  for (const columns of [undefined, 48]) assertEquals(broken(fill, columns), fill);
});

Deno.test("textLine() is one line that cannot steer the terminal, whatever the message", () => {
  fc.assert(fc.property(anything, (text) => {
    assert(!/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(textLine(record(text), false)));
  }));
});

Deno.test("jsonLine() is one JSON object with time, level and the whole message", () => {
  fc.assert(fc.property(anything, (text) => {
    const line = jsonLine(record(text, LogLevels.WARN));
    assert(!/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(line));
    const { time, level, message, ...more } = JSON.parse(line);
    assertEquals([level, message, more], ["warn", text, {}]);
    assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }));
});

Deno.test("openLog() writes records of its level and above", async () => {
  const { log, lines, settled } = open("warn", "text");
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  await settled();
  assertEquals(lines.map((line) => line.slice(13)), ["WARN  c", "ERROR d"]);
});

Deno.test("openLog() writes JSON when asked", async () => {
  const { log, lines, settled } = open("debug", "json");
  log.debug("a");
  log.info("b");
  await settled();
  assertEquals(lines.map((line) => JSON.parse(line).level), ["debug", "info"]);
});
