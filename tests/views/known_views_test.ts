/** Holds the views of the table, and a made-up one, to the contract. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { configure } from "../../src/config/config.ts";
import { openViews, type ShownRun, VIEWS } from "../../src/views/known_views.ts";
import { SeveralViews, type View } from "../../src/views/view.ts";
import { SUMMARY } from "../support/sample_metrics.ts";
import { MemoryView } from "./memory_view.ts";
import { type OpenedView, testView } from "./view_contract.ts";

/** Keeps what is written to it. Not a terminal. */
class Sink {
  text = "";

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(this.writeSync(bytes));
  }

  writeSync(bytes: Uint8Array): number {
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  }

  isTerminal(): boolean {
    return false;
  }
}

/** Opens the views of a run with these options, on outputs of their own. */
function opened(options: { readonly isBacktest: boolean; readonly json: boolean }, views = VIEWS) {
  const { config } = configure({}, [], "backtest");
  const [stdout, stderr] = [new Sink(), new Sink()];
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
      else assertEquals(stdout.text.includes("Summary: on paper"), !isBacktest);
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
