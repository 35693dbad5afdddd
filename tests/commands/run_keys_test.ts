/** What a user's keys do to a run, and what is left of the terminal afterwards: on a terminal made by script(1). */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inProcess } from "../support/in_process.ts";
import { commandLine, FLAGS } from "../support/penstock.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { hasScript, OwnTerminal } from "../views/own_terminal.ts";
import { LiveScene } from "./live_scene.ts";
import { wholeEntries } from "./reference_run.ts";

/** Prints the modes of the terminal, runs a command line, and prints them again. */
const BETWEEN_MODES = `trap : INT TERM; stty -g; "$@"; code=$?; stty -g; exit $code`;
const MODES = /^[0-9a-f]+(?::[0-9a-f]+){10,}$/gm;

const DEMO = ["demo", "--rate=200", "--short=3", "--long=10"];

const SCREEN = [{}, 100, 30] as const;

/** The command line of a demo in a folder, on a terminal whose modes are printed before and after. */
async function demoIn(folder: string, ...args: string[]): Promise<string[]> {
  const script = `${folder}/between_modes.sh`;
  await Deno.writeTextFile(script, BETWEEN_MODES);
  const flags = [...FLAGS, `--allow-write=${folder}`];
  return ["/bin/sh", script, Deno.execPath(), ...commandLine([...DEMO, ...args], flags)];
}

/** Checks that modes, screen and cursor are as they were. */
function assertRestored(text: string): void {
  const modes = text.match(MODES) ?? [];
  assertEquals(modes.length, 2, text);
  assertEquals(modes[1], modes[0]);
  for (
    const [on, off] of [["\x1b[?1049l", "\x1b[?1049h"], ["\x1b[?25h", "\x1b[?25l"], ["\x1b[?7h", "\x1b[?7l"]]
  ) {
    assert(text.lastIndexOf(on!) >= text.lastIndexOf(off!), `${JSON.stringify(on)} comes last in ${text}`);
  }
}

Deno.test({
  name:
    "penstock demo shows chart and log, halts, flattens and stops by keys, and leaves journal and terminal whole",
  ignore: !hasScript(),
  fn: () =>
    inFolder(async (folder) => {
      const [journal, recording] = [`${folder}/run.db`, `${folder}/frames.txt`];
      const args = ["--view=chart", `--state=${journal}`, `--record=${recording}`];
      await using terminal = new OwnTerminal(await demoIn(folder, ...args), ...SCREEN);
      await terminal.shows("\x1b[?1049h");
      await terminal.shows("▲ buy");
      await terminal.type("h");
      await terminal.shows("Halt, with no more buys?");
      await terminal.type("h");
      await terminal.shows("HALTED manual");
      await terminal.type("v");
      await terminal.shows("halted: by hand; no more buys, until it is released");
      await terminal.shows("● HALTED manual  BTCUSDT ");
      await terminal.type("f");
      await terminal.shows(/Halt, (and sell [\d.]+ BTC|with no more trading)\?/);
      await terminal.type("y");
      await terminal.shows("halted: by hand; the position is sold, and nothing is traded after that");
      await terminal.shows(/ flat {2}equity/);
      await terminal.type("v");
      // deno-lint-ignore no-control-regex -- that is how it is shown for the second time
      await terminal.shows(/\x1b\[\?1049h[^]*\x1b\[\?1049h/);
      await terminal.type("q");
      const { code, text } = await terminal.finished();
      assertEquals(code, 0, text);
      assertRestored(text);
      assertMatch(text, /\nSummary: on paper, /);
      const entries = await wholeEntries(journal);
      const halts = entries.filter(({ type }) => type === "halt").map(({ content }) => content["action"]);
      assertEquals(halts, ["hold", "flatten"]);
      const stopped = entries.filter(({ type }) => type === "stopped").map(({ content }) =>
        content["reason"]
      );
      assertEquals(stopped, ["asked to"]);
      const verified = await inProcess("verify", "--log-level=error", journal, recording);
      assertEquals(verified.code, 0, verified.stdout);
    }),
});

Deno.test({
  name: "penstock demo restores the terminal at Ctrl-C and at SIGTERM while a chart is shown",
  ignore: !hasScript(),
  fn: () =>
    inFolder(async (folder) => {
      const end = async (ask: (terminal: OwnTerminal) => Promise<void>): Promise<void> => {
        await using terminal = new OwnTerminal(await demoIn(folder, "--view=chart"), ...SCREEN);
        await terminal.shows("\x1b[?1049h");
        await ask(terminal);
        const { text } = await terminal.finished();
        assertRestored(text);
        assertMatch(text, /\nSummary: on paper, /);
      };
      await Promise.all([
        end((terminal) => terminal.type("\x03")),
        end((terminal) => terminal.signal("SIGTERM")),
      ]);
    }),
});

Deno.test({
  name:
    "penstock demo shows the log with a sentence on a terminal that is too small for the chart, and without colours " +
    "under NO_COLOR",
  ignore: !hasScript(),
  fn: () =>
    inFolder(async (folder) => {
      const env = { NO_COLOR: "1" };
      await using terminal = new OwnTerminal(await demoIn(folder, "--view=chart"), env, 79, 24);
      await terminal.shows("the chart needs a terminal of 80 × 24 or more");
      await terminal.resize(80);
      await terminal.shows("\x1b[?1049h");
      await terminal.resize(70);
      await terminal.shows("\x1b[?1049l");
      await terminal.type("\x03");
      const { text } = await terminal.finished();
      assertRestored(text);
      // deno-lint-ignore no-control-regex -- that is what must not be there
      assert(!/\x1b\[[\d;]*m/.test(text), text);
    }),
});

Deno.test("LiveRun.halt() is kept, recorded and verified like a halt that another process requests", () =>
  inFolder(async (folder) => {
    await using scene = new LiveScene(folder);
    await scene.live.halt("hold");
    await scene.start();
    await scene.tradesUntil("fill");
    await scene.live.halt("flatten");
    await scene.live.halt("hold");
    scene.lookAtDisk();
    await scene.trades(2);
    scene.lookAtDisk();
    await scene.stop();
    await scene.live.halt("hold");
    assertEquals(scene.view.of("halt").map(({ action }) => action), ["flatten"]);
    assertEquals(scene.view.of("fill").at(-1)?.side, "sell");
    const { content } = await scene.lastEntry("halt");
    assertEquals(content["requested"], content["time"] ?? content["requested"]);
    await scene.assertLeftWhole();
  }));

Deno.test("LiveRun.halt() works in a run without a journal", () =>
  inFolder(async (folder) => {
    await using scene = new LiveScene(folder, { state: "none" });
    await scene.start();
    await scene.tradesUntil("fill");
    await scene.live.halt("hold");
    assertEquals(scene.view.of("halt").map(({ reason, action }) => [reason, action]), [["manual", "hold"]]);
    await scene.stop();
    assertStringIncludes(
      await Deno.readTextFile(scene.recording),
      `{"penstock":{"event":"halt","action":"hold"`,
    );
  }));
