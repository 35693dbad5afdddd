import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type CommandName, COMMANDS } from "../../src/domain/command_name.ts";
import { commandHelp, programHelp } from "../../src/views/help.ts";

Deno.test("programHelp() names the version, every command and every exit code", () => {
  const text = programHelp("1.2.3");
  for (const command of Object.keys(COMMANDS)) assertStringIncludes(text, `  penstock ${command} `);
  assert(text.startsWith("Penstock 1.2.3: "));
  assert(text.split("\n").every((line) => line.length <= 100), text);
  assertEquals(text.match(/\b[0-5](?= [a-z])/g), ["0", "1", "2", "3", "4", "5"]);
});

Deno.test("commandHelp() shows an option's value and default, or neither for a switch", () => {
  const lines = commandHelp("run").split("\n");
  const line = (option: string) => lines.find((candidate) => candidate.startsWith(`  --${option} `));
  assertStringIncludes(line("short")!, "--short TRADES ");
  assert(line("short")!.endsWith("(20)"));
  assert(line("max-drawdown")!.endsWith("(20%)"));
  assert(line("json")!.endsWith("events on standard output, one JSON object a line"));
});

Deno.test("commandHelp() aligns the explanations of every command and fits into 100 columns", () => {
  for (const command of Object.keys(COMMANDS) as CommandName[]) {
    const lines = commandHelp(command).split("\n");
    assert(lines.every((line) => line.length <= 100), command);
    const options = lines.filter((line) => line.startsWith("  --"));
    const columns = options.map((line) => /^ {2}\S+( \S+)?\s{2,}/.exec(line)?.[0].length);
    assertEquals(new Set(columns).size, 1, command);
  }
});

Deno.test("commandHelp() goes on under the explanation where one does not fit into a line", () => {
  assertStringIncludes(
    commandHelp("run"),
    `
  --stake AMOUNT|SHARE     what one buy spends before its fee: quote currency, or with % a share of
                           the cash (1000)
`,
  );
});
