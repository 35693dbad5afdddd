import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { AsyncSink } from "../../../src/views/terminal/outlet.ts";
import {
  LiveTerminal,
  printable,
  printableJson,
  type Sink,
  writeText,
} from "../../../src/views/terminal/terminal.ts";
import { Screen } from "../screen.ts";
import { ANY_CHARACTER } from "../../support/any_character.ts";

const anything = fc.oneof(
  fc.string({ unit: ANY_CHARACTER }),
  fc.array(fc.constantFrom("\x1b[2J", "\x9b", "\u202e", "\u061c", "\u2066", "\0", "\r\n", "\u{e0041}", "a"))
    .map((some) => some.join("")),
);
/** Characters that a terminal obeys, or that change the reading direction or break the line. */
const STEERS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

/** A sink that takes at most `most` bytes a write. */
function sink(most = Infinity): Sink & AsyncSink & { readonly text: () => string } {
  const bytes: number[] = [];
  return {
    writeSync(some) {
      const taken = some.subarray(0, most);
      bytes.push(...taken);
      return taken.length;
    },
    write(some) {
      return Promise.resolve(this.writeSync(some));
    },
    text: () => new TextDecoder().decode(new Uint8Array(bytes)),
  };
}

Deno.test("printable() shows control characters, terminal escapes and direction marks as code points", () => {
  assertEquals(printable("a\x1b[2Jb\r\n\x9b1m\0"), "a\\u{1b}[2Jb\\u{d}\\u{a}\\u{9b}1m\\u{0}");
  assertEquals(printable("\u202egnp.exe\u2066\u061c\u200b"), "\\u{202e}gnp.exe\\u{2066}\\u{61c}\\u{200b}");
  assertEquals(printable("\u{e0041}"), "\\u{e0041}");
});

Deno.test("printable() leaves ordinary text of any script as it is", () => {
  for (const text of ["", "BTCUSDT 95420.5", "é ü ß 漢字 עברית 🚀", "back\\slash \\u{1b}"]) {
    assertEquals(printable(text), text);
  }
});

Deno.test("printable() escapes everything that steers a terminal", () => {
  fc.assert(fc.property(anything, (text) => {
    assert(!STEERS.test(printable(text)), printable(text));
  }));
});

Deno.test("printableJson() means the same as the value, and escapes everything that steers a terminal", () => {
  fc.assert(fc.property(fc.record({ sample: anything }), (value) => {
    const line = printableJson(value);
    assertEquals(JSON.parse(line), value);
    assert(!STEERS.test(line), line);
  }));
  assertEquals(printableJson({ a: "\x9b\u202e\u{e0041}é" }), `{"a":"\\u009b\\u202e\\udb40\\udc41é"}`);
});

Deno.test("writeText() writes everything, however little a write takes", () => {
  const slow = sink(3);
  writeText(slow, "● BTCUSDT 漢字\n");
  assertEquals(slow.text(), "● BTCUSDT 漢字\n");
});

const never = new AbortController().signal;

Deno.test("LiveTerminal keeps the live line below the lines printed", async () => {
  const output = sink();
  const terminal = new LiveTerminal(output);
  terminal.print("first");
  terminal.live = "price 1";
  terminal.print("second");
  terminal.live = "price 10";
  terminal.live = "price 2";
  await terminal.settled(never);
  assertEquals(new Screen(output.text()).lines, ["first", "second", "price 2"]);
  terminal.live = "";
  terminal.print("third");
  await terminal.settled(never);
  assertEquals(new Screen(output.text()).lines, ["first", "second", "third", ""]);
});

Deno.test("LiveTerminal keeps the last thousand lines printed under a picture, and says how many it dropped", async () => {
  const output = sink();
  const terminal = new LiveTerminal(output);
  terminal.cover([[{ text: "chart" }]], { columns: 80, rows: 1 }, false);
  for (let line = 1; line <= 1_002; line++) terminal.print(`line ${line}`);
  await terminal.settled(never);
  assert(!output.text().includes("line"));
  terminal.uncover();
  await terminal.settled(never);
  const lines = output.text().split("\n").slice(0, -1);
  assertEquals(lines.length, 1_001);
  assertStringIncludes(lines[0]!, "(2 older lines of the log");
  assertEquals([lines[1], lines.at(-1)], ["line 3", "line 1002"]);
});

Deno.test("LiveTerminal draws a whole picture again after one that its terminal did not take", async () => {
  const output = sink();
  let isStuck = false;
  const terminal = new LiveTerminal({
    write: (bytes) => isStuck ? Promise.reject(new Error("stuck")) : output.write(bytes),
  });
  const cover = async (text: string) => {
    terminal.cover([[{ text: "head" }], [{ text }]], { columns: 80, rows: 2 }, false);
    await terminal.settled(never);
  };
  await cover("one");
  isStuck = true;
  await cover("two");
  isStuck = false;
  const before = output.text().length;
  await cover("three");
  assertStringIncludes(output.text().slice(before), "head");
});

Deno.test("LiveTerminal shows the printed lines in order and the last live line, whatever is printed", async () => {
  const step = fc.record({ live: fc.boolean(), text: fc.constantFrom("", "a", "bb", "a longer line") });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
    const output = sink();
    const terminal = new LiveTerminal(output);
    for (const { live, text } of steps) {
      if (live) terminal.live = text;
      else terminal.print(text);
    }
    await terminal.settled(never);
    const printed = steps.filter(({ live }) => !live).map(({ text }) => text);
    const live = steps.findLast(({ live }) => live)?.text ?? "";
    assertEquals(new Screen(output.text()).lines, [...printed, live]);
  }));
});

for (const cuts of [false, true]) {
  const kind = cuts ? "cuts its lines off" : "breaks its lines again";
  Deno.test(`LiveTerminal leaves no ghost of a live line on a terminal that is resized and ${kind}`, async () => {
    const text = fc.constantFrom(
      "● 1",
      "● BTCUSDT 60003.85  sma 60001.86/60001.09  flat",
      "● 币安人生USDT 0.1666 币安人生",
    );
    const step = fc.record({
      live: text,
      log: fc.option(fc.constant("log")),
      columns: fc.integer({ min: 4, max: 60 }),
    });
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const screen = new Screen("", { columns: 60, cuts });
      const terminal = new LiveTerminal({
        write(bytes) {
          screen.write(new TextDecoder().decode(bytes));
          return Promise.resolve(bytes.length);
        },
      });
      // The line may be drawn for the old width, because a program cannot know exactly when a terminal is resized.
      for (const { live, log, columns } of steps) {
        terminal.live = live;
        if (log !== null) terminal.print(log);
        await terminal.settled(never);
        screen.resize(columns);
      }
      terminal.live = "● 2";
      await terminal.settled(never);
      const logged = steps.flatMap(({ log }) => log === null ? [] : [log]);
      assertEquals(screen.lines, [...logged, "● 2"]);
    }));
  });
}

Deno.test("LiveTerminal removes its live line at once when the process ends, unless no one reads", async () => {
  const screen = new Screen();
  const terminal = new LiveTerminal({
    write(bytes) {
      screen.write(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    },
  });
  const atOnce: Sink = {
    writeSync(bytes) {
      screen.write(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  };
  terminal.print("log");
  terminal.live = "● 1";
  await terminal.settled(never);
  terminal.abandon(atOnce);
  assertEquals(screen.lines, ["log", ""]);

  const stuck = new LiveTerminal({ write: () => new Promise<number>(() => {}) });
  stuck.live = "● 1";
  stuck.abandon({ writeSync: () => assert(false, "it would wait forever") as never });
});

Deno.test("LiveTerminal writes nothing when the live line stays the same", async () => {
  const output = sink();
  const terminal = new LiveTerminal(output);
  terminal.live = "";
  await terminal.settled(never);
  assertEquals(output.text(), "");
  terminal.live = "price 1";
  await terminal.settled(never);
  const before = output.text();
  terminal.live = "price 1";
  await terminal.settled(never);
  assertEquals(output.text(), before);
});
