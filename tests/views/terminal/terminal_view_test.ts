/** What a user sees of a run: on its own terminal, made by script(1), and without one. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commandLine, FLAGS, penstock } from "../../support/penstock.ts";
import { hasScript, onTerminal as showOnTerminal, OwnTerminal } from "../own_terminal.ts";
import { Screen } from "../screen.ts";

/** What penstock writes to a terminal. */
function onTerminal(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return showOnTerminal([Deno.execPath(), ...commandLine(args)], env);
}

const DEMO = ["demo", "--rate=200", "--for=1s", "--short=3", "--long=10"];

Deno.test({
  name:
    "TerminalView keeps one live line under the log on a terminal, whatever its width, and removes it at the end",
  ignore: !hasScript(),
  fn: async () => {
    const args = ["demo", "--rate=200", "--short=3", "--long=10"];
    await using terminal = new OwnTerminal([Deno.execPath(), ...commandLine(args)]);
    const screen = new Screen("", { columns: 100 });
    let seen = 0;
    /** Writes the output so far to the screen, and changes the width of both. */
    const resize = async (columns: number) => {
      screen.write(terminal.text.slice(seen));
      seen = terminal.text.length;
      await terminal.resize(columns);
      screen.resize(columns);
    };
    await terminal.shows(/● BTCUSDT [\d.]+ {1,2}sma [^●]* {1,2}equity /);
    await resize(40);
    await terminal.shows(/● BTCUSDT [\d.]+ {2}equity [\d.]+/);
    await resize(120);
    await terminal.shows(/● BTCUSDT [\d.]+ {2}sma [^●]* {2}equity [\d.]+ USDT {2}\d+ trades\/s {2}lag /);
    await terminal.type("\x03");
    const { code, text } = await terminal.finished();
    assertEquals(code, 0);
    assertStringIncludes(text, "\x1b[36mINFO \x1b[0m ");
    screen.write(text.slice(seen));
    const { lines, cleared } = screen;
    assert(cleared > 2, "the live line was drawn again");
    assertEquals(lines.filter((line) => line.includes("●")), []);
    const summary = lines.findIndex((line) => line.startsWith("Summary: on paper, "));
    const log = lines.slice(0, summary - 1);
    assert(log.length > 2);
    // The terminal itself shows ^C. A long message continues on the next line.
    assertMatch(log[0]!, /^\d/);
    for (const line of log) {
      assertMatch(line.replace(/^\^C/, ""), /^([\d:.]{12} (INFO|WARN) {1,2}| {19})\S/);
    }
  },
});

Deno.test({
  name:
    "TerminalView has no live line on a terminal with --json or a JSON log, no colours with NO_COLOR, and neither with TERM=dumb",
  ignore: !hasScript(),
  fn: async () => {
    const outputs = await Promise.all([
      onTerminal([...DEMO, "--json"]),
      onTerminal([...DEMO, "--log-format=json"]),
    ]);
    for (const output of outputs) assert(!output.includes("\x1b[J") && !output.includes("●"), output);
    const [bare, dumb] = await Promise.all([
      onTerminal(DEMO, { NO_COLOR: "1" }),
      showOnTerminal([Deno.execPath(), ...commandLine(DEMO, [...FLAGS, "--allow-env=TERM"])], {
        TERM: "dumb",
      }),
    ]);
    assert(!bare.includes("\x1b[36m") && bare.includes("●"), bare);
    assert(!dumb.includes("\x1b") && !dumb.includes("●") && dumb.includes(" INFO  "), dumb);
  },
});

Deno.test("TerminalView writes neither a live line nor colours without a terminal", async () => {
  const { stdout, stderr } = await penstock(...DEMO);
  assert(!(stdout + stderr).includes("\x1b") && !stderr.includes("●"));
  assertStringIncludes(stdout, "Summary: on paper, ");
});
