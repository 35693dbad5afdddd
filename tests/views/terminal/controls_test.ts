/** Keys, questions and views of a run on a terminal that the test is. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Money } from "../../../src/domain/numbers/money.ts";
import type { Picture } from "../../../src/views/picture.ts";
import { Controls } from "../../../src/views/terminal/controls.ts";
import type { TerminalDevice, TerminalSignal } from "../../../src/views/terminal/device.ts";
import type { Asked } from "../../../src/views/terminal/key_questions.ts";
import type { ScreenSize } from "../../../src/views/terminal/styled_rows.ts";
import { LiveTerminal } from "../../../src/views/terminal/terminal.ts";
import type { RunState } from "../../../src/stages/run_state.ts";
import { stateOf, STREAM } from "../chart/chart_scene.ts";

const HELD = { position: new Money("0.5") };
const HALTED = { reason: "manual", limit: "released", value: "halted", tradeId: 1 } as const;

/** A terminal, its keyboard, and a run with these controls. */
class Desk {
  size: ScreenSize = { columns: 100, rows: 30 };
  readonly asked: Asked[] = [];
  readonly log: string[] = [];
  /** Whether keys arrive one by one, as it was set each time. */
  readonly taken: boolean[] = [];
  readonly listeners = new Map<TerminalSignal, () => void>();
  readonly terminal: LiveTerminal;
  readonly controls: Controls;
  written = "";
  /** The sink accepts nothing as long as it is stuck. */
  readonly #stuck: Promise<void> | null;
  #keys = Promise.withResolvers<string | null>();

  constructor(
    first: "log" | "chart" = "chart",
    { isKept = true, stuck = null as Promise<void> | null } = {},
  ) {
    this.#stuck = stuck;
    const decoder = new TextDecoder();
    this.terminal = new LiveTerminal({
      write: async (bytes) => {
        if (this.#stuck !== null) await this.#stuck;
        this.written += decoder.decode(bytes);
        return bytes.length;
      },
    });
    const device: TerminalDevice = {
      size: () => this.size,
      takeKeys: (isTaken) => void this.taken.push(isTaken),
      read: () => this.#keys.promise,
      listen: (signal, listener) => {
        if (listener === null) this.listeners.delete(signal);
        else this.listeners.set(signal, listener);
      },
    };
    const picture: Picture = {
      least: { columns: 80, rows: 24 },
      keys: "z zoom",
      event: () => {},
      glance: () => {},
      press: (key) => key === "z",
      rows: (_, { log, footer }) => [[{ text: "PICTURE" }], log.map(({ text }) => ({ text })), footer],
    };
    this.controls = new Controls({
      device,
      terminal: this.terminal,
      pictures: new Map([["chart", picture]]),
      first,
      colours: false,
      isKept,
      onAsked: (asked) => void this.asked.push(asked),
      log: ({ text }) => {
        this.log.push(text);
        this.terminal.print(text);
      },
    });
  }

  /** Types, and returns what was written then. */
  async type(keys: string): Promise<string> {
    const before = this.written.length;
    const next = this.#keys;
    this.#keys = Promise.withResolvers();
    next.resolve(keys);
    await turns();
    return this.written.slice(before);
  }

  /** Looks at the run, and returns what was written then. */
  async look(changes: Partial<RunState> = {}): Promise<string> {
    const before = this.written.length;
    this.controls.glance({ of: "run", run: stateOf(changes), stream: STREAM }, "the live line");
    await turns();
    return this.written.slice(before);
  }

  end(): void {
    this.controls.end();
    this.#keys.resolve(null);
  }
}

function turns(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The last row of a screen: keys or a question. */
// deno-lint-ignore no-control-regex -- it ends where the next row starts
const QUESTION = /(Halt, |Stop\? )[^\x1b]*/;

Deno.test("Controls halts and flattens once the same key, or y, answers the question, and on no other key", async () => {
  for (const [key, asked] of [["h", "hold"], ["f", "flatten"]] as const) {
    const desk = new Desk();
    await desk.look(HELD);
    for (const answer of ["x", "v", " ", "q"]) {
      assert(QUESTION.test(await desk.type(key) + await desk.look(HELD)));
      await desk.type(answer);
      assertEquals(desk.asked, []);
      assert(!QUESTION.test(await desk.look(HELD)));
    }
    await desk.type(key);
    await desk.type(key);
    assertEquals(desk.asked, [asked]);
    await desk.type(key.toUpperCase());
    await desk.type("y");
    assertEquals(desk.asked, [asked, asked]);
    desk.end();
  }
});

Deno.test("Controls shows a whole question on the smallest screen that has a picture, however long the quantity", async () => {
  for (const key of ["h", "f", "q"]) {
    const desk = new Desk();
    desk.size = { columns: 80, rows: 24 };
    const long = { position: new Money("123456789.12345678") };
    await desk.look(long);
    const [question] = QUESTION.exec(await desk.type(key) + await desk.look(long)) ?? [];
    assertStringIncludes(question!, `   ${key}: yes   any other key: no`);
    desk.end();
  }
});

Deno.test("Controls stops at once without a position, and asks for confirmation with one", async () => {
  const flat = new Desk();
  await flat.look();
  await flat.type("q");
  assertEquals(flat.asked, ["stop"]);
  flat.end();
  for (const isKept of [true, false]) {
    const held = new Desk("chart", { isKept });
    await held.look(HELD);
    const [question] = QUESTION.exec(await held.type("q") + await held.look(HELD)) ?? [];
    assertStringIncludes(question!, `Stop? ${isKept ? "The" : "No"} journal keeps 0.5 BTC.`);
    assertEquals(held.asked, []);
    await held.type("q");
    assertEquals(held.asked, ["stop"]);
    held.end();
  }
});

Deno.test("Controls takes no pasted text, arrow or held key for an answer", async () => {
  const desk = new Desk();
  await desk.look(HELD);
  for (const keys of ["hhhhhh", "halt", "\x1b[A", "fy", "h\nh\n", "\x1b"]) await desk.type(keys);
  await desk.look(HELD);
  // A key held down asked its question once; what came after it dropped that.
  assertEquals(desk.asked, []);
  desk.end();
});

Deno.test("Controls drops a question that is not answered within ten seconds", async () => {
  const { now } = performance;
  let ahead = 0;
  performance.now = () => now.call(performance) + ahead;
  try {
    const desk = new Desk();
    await desk.look(HELD);
    assert(QUESTION.test(await desk.type("h") + await desk.look(HELD)));
    ahead = 9_000;
    assert(!(await desk.look(HELD)).includes("q stop"));
    ahead = 10_001;
    assertStringIncludes(await desk.look(HELD), "q stop");
    await desk.type("y");
    assertEquals(desk.asked, []);
    desk.end();
  } finally {
    performance.now = now;
  }
});

Deno.test("Controls says that trading is halted already, and asks nothing", async () => {
  const desk = new Desk("log");
  await desk.look({ halt: { ...HALTED, action: "flatten" } });
  await desk.type("h");
  await desk.type("f");
  const already = "trading is halted already (manual): nothing changes";
  assertEquals(desk.log.slice(1), [already, already]);
  await desk.look({ halt: { ...HALTED, action: "hold" } });
  await desk.type("f");
  await desk.type("f");
  assertEquals(desk.asked, ["flatten"]);
  desk.end();
});

Deno.test("Controls shows log and picture in turn, each as a whole, and prints what the picture covered", async () => {
  const desk = new Desk("log");
  assertStringIncludes(await desk.look(), "the live line");
  assertEquals(desk.log, ["keys: q stop   h halt   f flatten   v chart"]);
  const picture = await desk.type("v") + await desk.look();
  assertStringIncludes(picture, "\x1b[?1049h");
  assertStringIncludes(picture, "PICTURE");
  desk.controls.logged({ level: "info", text: "covered\x1b[2J" });
  desk.terminal.print("covered line");
  const pane = await desk.look();
  assertStringIncludes(pane, "covered\\u{1b}[2J");
  assert(!pane.includes("covered line"));
  const log = await desk.type("v") + await desk.look();
  assert(log.startsWith("\x1b[?7h\x1b[?25h\x1b[?1049l") && log.includes("covered line\n"), log);
  assertStringIncludes(log, "the live line");
  desk.end();
});

Deno.test("Controls shows the log on a terminal that is too small, says so once, and the picture when it is larger", async () => {
  const desk = new Desk();
  desk.size = { columns: 79, rows: 30 };
  const small = await desk.look() + await desk.look();
  const text =
    "the chart needs a terminal of 80 × 24 or more: this one has 79 × 30, so the log is shown until it is larger";
  assertEquals(desk.log, [text]);
  assert(!small.includes("\x1b[?1049h") && small.includes("the live line"));
  desk.size = { columns: 80, rows: 24 };
  desk.listeners.get("SIGWINCH")!();
  assertStringIncludes(await desk.look(), "PICTURE");
  desk.size = { columns: 80, rows: 23 };
  assertStringIncludes(await desk.look(), "\x1b[?1049l");
  assertEquals(desk.log.length, 2);
  desk.end();
});

Deno.test("Controls gives keyboard, screen and signals back at the end, once", async () => {
  const desk = new Desk();
  await desk.look();
  assertEquals([desk.taken, [...desk.listeners.keys()].sort()], [[true], ["SIGCONT", "SIGTSTP", "SIGWINCH"]]);
  desk.end();
  desk.end();
  await turns();
  assert(desk.written.endsWith("\x1b[?7h\x1b[?25h\x1b[?1049l"), JSON.stringify(desk.written));
  assertEquals([desk.taken, [...desk.listeners.keys()]], [[true, false], []]);
  assertEquals(await desk.look() + await desk.type("q"), "");
  assertEquals(desk.asked, []);
});

Deno.test("Controls leaves the picture at the first Ctrl-Z, and is back with all of it when the program continues", async () => {
  const desk = new Desk();
  await desk.look();
  desk.listeners.get("SIGTSTP")!();
  await turns();
  assertEquals([desk.taken, desk.listeners.has("SIGTSTP")], [[true, false], false]);
  assertStringIncludes(desk.written, "\x1b[?1049l");
  assertEquals(await desk.look(), "");
  desk.listeners.get("SIGCONT")!();
  assertEquals(desk.taken, [true, false, true]);
  await desk.look();
  desk.listeners.get("SIGTSTP")!();
  await desk.type("\n");
  assertEquals(desk.taken, [true, false, true, false, true]);
  const again = await desk.look();
  assert(again.includes("\x1b[?1049h") && again.includes("PICTURE"), again);
  desk.end();
});

Deno.test("Controls writes one frame at a time to a terminal that is slow, and the next as a whole difference", async () => {
  const stuck = Promise.withResolvers<void>();
  const desk = new Desk("chart", { stuck: stuck.promise });
  for (let look = 0; look < 1_000; look++) {
    desk.controls.glance({ of: "run", run: stateOf(), stream: STREAM }, "");
  }
  await desk.type("h");
  await desk.type("h");
  assertEquals(desk.asked, ["hold"]);
  stuck.resolve();
  await desk.look();
  assert(desk.written.split("\x1b[?2026h").length - 1 <= 2, desk.written);
  desk.end();
});
