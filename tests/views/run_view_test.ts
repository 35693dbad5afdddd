/** What a person sees of a run: on a terminal of its own, made by script(1), and elsewhere. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commandLine, penstock } from "../support/penstock.ts";
import { hasScript, onTerminal as showOnTerminal } from "./own_terminal.ts";
import { Screen } from "./screen.ts";

/** What penstock writes to a terminal. */
function onTerminal(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return showOnTerminal([Deno.execPath(), ...commandLine(args)], env);
}

const DEMO = ["demo", "--rate=200", "--for=1s", "--short=3", "--long=10"];

Deno.test({
  name: "RunView keeps one live line under the log on a terminal and takes it away at the end",
  ignore: !hasScript(),
  fn: async () => {
    const output = await onTerminal(DEMO);
    const { lines, cleared } = new Screen(output);
    assert(cleared > 2, "the live line was drawn anew");
    assert(output.split("\r\x1b[K").some((text) => /^● {1,2}BTCUSDT /.test(text)), output);
    assertStringIncludes(output, "\x1b[36mINFO \x1b[0m ");
    assertEquals(lines.filter((line) => line.startsWith("●")), []);
    const summary = lines.indexOf(
      "Summary: on paper, " + lines.join("\n").match(/Summary: on paper, (.*)/)![1],
    );
    const log = lines.slice(0, summary - 1);
    assert(log.length > 2);
    for (const line of log) assertMatch(line, /^[\d:.]{12} (INFO|WARN) {1,2}\S/);
    const drawn = output.split("\r\x1b[K").filter((text) => text.startsWith("●"));
    assert(drawn.every((text) => text.split(/[\r\n]/)[0]!.length <= 100), drawn.join("\n"));
  },
});

Deno.test({
  name: "RunView has no live line on a terminal with --json or a JSON log, and no colours with NO_COLOR",
  ignore: !hasScript(),
  fn: async () => {
    const outputs = await Promise.all([
      onTerminal([...DEMO, "--json"]),
      onTerminal([...DEMO, "--log-format=json"]),
    ]);
    for (const output of outputs) assert(!output.includes("\x1b[K") && !output.includes("●"), output);
    assert(!(await onTerminal(DEMO, { NO_COLOR: "1" })).includes("\x1b[36m"));
  },
});

Deno.test("RunView writes neither a live line nor colours where there is no terminal", async () => {
  const { stdout, stderr } = await penstock(...DEMO);
  assert(!(stdout + stderr).includes("\x1b") && !stderr.includes("●"));
  assertStringIncludes(stdout, "Summary: on paper, ");
});
