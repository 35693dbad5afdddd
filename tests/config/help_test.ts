import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FAULT_KINDS } from "../../src/domain/market/fault_kinds.ts";
import { OPTION_GROUPS } from "../../src/config/option.ts";
import { type CommandName, COMMANDS } from "../../src/config/command_name.ts";
import { commandHelp, programHelp } from "../../src/config/help.ts";

Deno.test("programHelp() names the version, every command and every exit code", () => {
  const text = programHelp("1.2.3");
  for (const command of Object.keys(COMMANDS)) assertStringIncludes(text, `  penstock ${command} `);
  assert(text.startsWith("Penstock 1.2.3: "));
  assertStringIncludes(text, `In a copy of the repository, "penstock" is "deno task".`);
  assert(text.split("\n").every((line) => line.length <= 80), text);
  assertEquals(text.match(/\b\d+(?= [a-z])/g), ["0", "1", "2", "3", "4", "5", "130"]);
});

Deno.test("commandHelp() shows an option's value and default, or neither for a switch", () => {
  const lines = commandHelp("run").replaceAll(/\n {8,}/g, " ").split("\n");
  const line = (option: string) => lines.find((candidate) => candidate.startsWith(`  --${option} `));
  assertStringIncludes(line("short")!, "--short BARS ");
  assert(line("short")!.endsWith("(20)"));
  assert(line("max-drawdown")!.endsWith("(20%)"));
  assert(line("json")!.endsWith("write events to standard output, one JSON object per line"));
});

Deno.test("commandHelp() aligns the explanations of every command and fits into 80 columns", () => {
  for (const command of Object.keys(COMMANDS) as CommandName[]) {
    const lines = commandHelp(command).split("\n");
    assert(lines.every((line) => line.length <= 80), command);
    const options = lines.filter((line) => line.startsWith("  --"));
    const columns = options.map((line) => /^ {2}\S+( \S+)?\s{2,}/.exec(line)?.[0].length);
    assertEquals(new Set(columns).size, 1, command);
  }
});

Deno.test("commandHelp() continues an explanation that does not fit on a line under its start", () => {
  assertStringIncludes(
    commandHelp("run"),
    `
  --stake AMOUNT|SHARE     what a buy spends before its fee: an amount in quote
                           currency, or with % a share of the cash (1000)
`,
  );
});

Deno.test("commandHelp() shows many options in groups, the everyday ones first, and few without headings", () => {
  const headings = (command: CommandName) =>
    commandHelp(command).split("\n").filter((line) => Object.values<string>(OPTION_GROUPS).includes(line));
  const everyday = ["Trading", "Journal and recordings", "When it ends", "Output and configuration"];
  const others = ["Risk limits", "How orders fill", "Rules of the instrument", "Connection"];
  assertEquals(headings("run").filter((group) => group !== "The built-in exchange"), [
    ...everyday,
    ...others,
  ]);
  assertEquals(headings("backtest").slice(0, 2), ["Trading", "Input and result"]);
  assertEquals(headings("demo").slice(0, 2), ["Trading", "The built-in exchange"]);
  assertEquals(headings("watch").slice(0, 2), ["The live page", "Alarms"]);
  for (const command of ["status", "export", "halt", "verify"] as const) assertEquals(headings(command), []);
});

Deno.test("commandHelp() explains what a demo has in common with a run, and what the same seed makes", () => {
  const text = commandHelp("demo").replaceAll("\n", " ");
  assertStringIncludes(
    text,
    `averages, risk limits, fills and journal are the same as in "penstock run". ` +
      "The same --seed and --rate make the same trades, and so the same signals and fills.",
  );
});

Deno.test("commandHelp() lists every kind of fault for commands that take faults, and for no others", () => {
  for (const command of Object.keys(COMMANDS) as CommandName[]) {
    const listed = Object.values(FAULT_KINDS).filter(([form]) =>
      commandHelp(command).includes(`\n  ${form} `)
    );
    const isExchange = command === "demo" || command === "exchange";
    assertEquals(listed.length, isExchange ? Object.keys(FAULT_KINDS).length : 0, command);
  }
});

const EXITS: Readonly<Record<CommandName, readonly number[]>> = {
  run: [0, 1, 2, 4, 130],
  demo: [0, 1, 2, 4, 130],
  exchange: [0, 1, 2, 130],
  backtest: [0, 1, 2, 3, 130],
  sweep: [0, 1, 2, 3, 130],
  worker: [0, 1, 2, 130],
  status: [0, 1, 2],
  watch: [0, 1, 2, 130],
  doctor: [0, 1, 2, 130],
  export: [0, 1, 2],
  report: [0, 1, 2, 3],
  compare: [0, 1, 2, 3, 5],
  halt: [0, 1, 2, 130],
  release: [0, 1, 2, 130],
  resume: [0, 1, 2, 130],
  verify: [0, 1, 2, 3, 5, 130],
  config: [0, 1, 2],
};

Deno.test("commandHelp() names the exit codes that the command can end with, and no other", () => {
  for (const [command, codes] of Object.entries(EXITS)) {
    const text = commandHelp(command as CommandName);
    const named = text.slice(text.indexOf("Exit codes: ")).match(/\b\d+(?= [a-z])/g);
    assertEquals(named, codes.map(String), command);
  }
});
