/** Holds the views of the table, and a made-up one, to the contract. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { configure } from "../../src/config/config.ts";
import { Engine } from "../../src/stages/engine.ts";
import { openViews, type ShownRun, VIEWS } from "../../src/views/known_views.ts";
import { SeveralViews, show, type View } from "../../src/views/view.ts";
import { DEFAULTS, optionsOf } from "../support/pipeline_input.ts";
import { SUMMARY } from "../support/sample_metrics.ts";
import { MemoryView } from "./memory_view.ts";
import { Screen } from "./screen.ts";
import { type OpenedView, testView } from "./view_contract.ts";

/** Keeps what is written to it. Not a terminal unless it says so. */
class Sink {
  text = "";
  readonly #isTerminal: boolean;

  constructor(isTerminal = false) {
    this.#isTerminal = isTerminal;
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(this.writeSync(bytes));
  }

  writeSync(bytes: Uint8Array): number {
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  }

  isTerminal(): boolean {
    return this.#isTerminal;
  }
}

/** Opens the views of a run with these options, each on its own output. */
function opened(
  options: { readonly isBacktest: boolean; readonly json: boolean },
  views = VIEWS,
  stderr = new Sink(),
) {
  const { config } = configure({}, [], "backtest");
  const stdout = new Sink();
  const { signal } = new AbortController();
  const run: ShownRun = {
    isBacktest: options.isBacktest,
    stdout,
    stderr,
    stop: signal,
    signal,
    onBroken: () => {},
  };
  const view = openViews({ ...config, json: options.json }, run, views);
  return { view, stdout, stderr, shown: () => stdout.text + stderr.text };
}

function inMemory(): OpenedView & { readonly view: MemoryView } {
  const view = new MemoryView();
  return {
    view,
    shown: () => {
      const { events, lines, reports } = view;
      const figures = reports.map(({ summary }) => ({ summary }));
      return [...events, ...lines, ...figures]
        .map((each) => JSON.stringify(each).replace(/[\x7f-\x9f\u202e]/g, "?")).join("\n");
    },
  };
}

/** Gives the terminal this name: on a dumb one nothing is drawn again. */
function namedTerminal(name: string): Disposable {
  const before = Deno.env.get("TERM");
  Deno.env.set("TERM", name);
  return {
    [Symbol.dispose]: () => before === undefined ? Deno.env.delete("TERM") : Deno.env.set("TERM", before),
  };
}

const [terminal, jsonLines] = VIEWS;
assert(terminal !== undefined && jsonLines !== undefined);

for (const isBacktest of [false, true]) {
  const of = isBacktest ? "a backtest" : "a live run";
  testView({
    name: `the terminal view of ${of}`,
    open: () => opened({ isBacktest, json: false }, [terminal]),
    shows: { gaps: true, log: true, report: true },
  });
  testView({
    name: `the JSON lines of ${of}`,
    open: () => opened({ isBacktest, json: true }, [jsonLines]),
    shows: { gaps: true, log: false, report: true },
  });
  testView({
    name: `all views of ${of} together`,
    open: () => opened({ isBacktest, json: true }),
    shows: { gaps: true, log: true, report: true },
  });
}

testView({ name: "a made-up view", open: inMemory, shows: { gaps: true, log: true, report: true } });

Deno.test("openViews() shows a log and a table, or with --json a log and events on standard output", async () => {
  for (const isBacktest of [false, true]) {
    for (const json of [false, true]) {
      const { view, stdout, stderr } = opened({ isBacktest, json });
      view.log({ level: "warn", text: "careful" });
      view.event(SUMMARY);
      view.settle();
      await view.close();
      assert(stderr.text.endsWith("careful\n"));
      if (json) assertEquals(stdout.text, `${JSON.stringify(SUMMARY)}\n`);
      else {
        assertEquals(stdout.text.includes("Summary: on paper"), !isBacktest);
        assertEquals(stdout.text.includes(`"type"`), false);
      }
    }
  }
});

Deno.test("SeveralViews closes every view, and throws the first failure", async () => {
  const [first, last] = [new MemoryView(), new MemoryView()];
  const failing = (text: string): View => {
    const view = new MemoryView();
    return Object.assign(view, { close: () => Promise.reject(new Error(text)) });
  };
  const views = new SeveralViews([first, failing("one"), failing("two"), last]);
  await assertRejects(() => views.close(), Error, "one");
  assertEquals([first.closed, last.closed], [1, 1]);
});

Deno.test("openViews() keeps a live line on a terminal until the summary, or the close where there is none", async () => {
  using _term = namedTerminal("xterm");
  const run = new Engine(optionsOf(DEFAULTS)).state.current;
  const stream = { symbol: "BTCUSDT", connected: true, tradesPerSecond: 1, lagMs: null };
  const linesOf = ({ text }: Sink) => new Screen(text).lines.filter((line) => line.includes("●"));
  for (const isWhole of [true, false]) {
    const { view, stderr } = opened({ isBacktest: false, json: false }, VIEWS, new Sink(true));
    // What is written is on its way for a turn.
    const turn = () => new Promise((resolve) => setTimeout(resolve));
    view.glance!({ of: "run", run, stream });
    await turn();
    assertEquals(linesOf(stderr).length, 1);
    if (isWhole) {
      view.event(SUMMARY);
      await turn();
      assertEquals(linesOf(stderr), []);
    }
    await view.close();
    assertEquals(linesOf(stderr), []);
  }
});

Deno.test("openViews() ends a backtest, but not a live run, whose log no longer has a reader", async () => {
  for (const isBacktest of [false, true]) {
    const stderr = Object.assign(new Sink(), {
      write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
    });
    const { view } = opened({ isBacktest, json: true }, VIEWS, stderr);
    view.log({ level: "warn", text: "careful" });
    await new Promise((resolve) => setTimeout(resolve));
    if (isBacktest) assertThrows(() => view.ready(), Deno.errors.BrokenPipe);
    else assertEquals(view.ready(), null);
    if (isBacktest) await assertRejects(() => view.close(), Deno.errors.BrokenPipe);
    else await view.close();
  }
});

Deno.test("show() lets a view show what it held back even if the source of the events fails", () => {
  const view = new MemoryView();
  const failing = function* () {
    yield SUMMARY;
    throw new Error("the books do not balance");
  };
  assertThrows(() => show(view, failing()), Error, "the books do not balance");
  assertEquals([view.events.length, view.settled], [1, 1]);
});
