/** What a user sees of a running backtest: on a terminal, made by script(1), and without one. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { hasScript, onTerminal } from "../own_terminal.ts";
import { Screen } from "../screen.ts";

const PROGRAM = new URL("../backtest_screen.ts", import.meta.url).pathname;
const PROGRESS = "50 %  5.0 of 10.0 MB  70,000 trades  ";

/** Its standard output and standard error, neither of them a terminal. */
async function shown(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", PROGRAM, ...args] });
  const { code, stdout, stderr } = await command.output();
  const texts = { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  assertEquals(code, 0, texts.stderr);
  return texts;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

Deno.test("BacktestNarration logs its progress every five seconds without a terminal, and never with --json", async () => {
  const { stdout, stderr } = await shown();
  assertEquals(stdout, "");
  assertEquals(count(stderr, PROGRESS), 2);
  assertStringIncludes(stderr, `${PROGRESS}14,000 trades/s  5 s left\n`);
  assertStringIncludes(stderr, `${PROGRESS}7,000 trades/s  10 s left\n`);
  assertEquals(count((await shown("--json")).stderr, PROGRESS), 0);
});

Deno.test("BacktestNarration logs twenty gaps and that there are more, but emits all of them as events", async () => {
  const { stdout, stderr } = await shown("--json");
  assertEquals(count(stderr, "WARN  gap: "), 20);
  assertEquals(count(stderr, "further gaps are counted, not shown"), 1);
  assertEquals(count(stdout, '"type":"gap"'), 25);
});

Deno.test({
  name: "BacktestNarration shows its progress in one live line on a terminal, which is removed at the end",
  ignore: !hasScript(),
  fn: async () => {
    const output = await onTerminal([Deno.execPath(), "run", "--quiet", PROGRAM]);
    assertEquals(count(output, `\r\x1b[J\x1b[?7l${PROGRESS}`), 6);
    const { lines } = new Screen(output);
    assertEquals(lines.filter((line) => line.startsWith("50 %")), []);
    assertEquals(
      count(await onTerminal([Deno.execPath(), "run", "--quiet", PROGRAM, "--json"]), PROGRESS),
      0,
    );
  },
});
