/** The compiled program's messages about what it cannot do. The sources run as if compiled, under its permissions. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { permissionFlags } from "../../build/binary.ts";
import { COMMANDS } from "../../src/config/command_name.ts";
import { commandLine } from "../support/penstock.ts";
import type { Said } from "./said.ts";

const PRELOAD = `--preload=${new URL("as_compiled.ts", import.meta.url).pathname}`;

const SAID = new URL("said.ts", import.meta.url).pathname;
/** Commands that give up permissions, so that nothing can run in their process after them. */
const DROPPING = ["run", "demo"];

/** Runs these command lines in their own folder, with `flags`; returns what each says. */
async function saidBy(
  lines: readonly string[],
  flags: readonly string[] = [PRELOAD, ...permissionFlags("binance")],
): Promise<ReadonlyMap<string, Said>> {
  const folder = await Deno.makeTempDir({ prefix: "penstock-built-" });
  const output = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  };
  try {
    await Deno.writeTextFile(`${folder}/outside.txt`, "{}");
    const isAlone = (line: string) => DROPPING.includes(line.split(" ")[0]!);
    const together = lines.filter((line) => !isAlone(line));
    const { stdout, stderr } = await output(["run", ...flags, SAID, JSON.stringify(together)]);
    assertEquals(stderr, "");
    const said: readonly Said[] = JSON.parse(stdout);
    const found = new Map(together.map((line, at) => [line, said[at]!]));
    for (const line of lines.filter(isAlone)) {
      const { code, stdout, stderr } = await output(commandLine(line.split(" "), flags));
      found.set(line, { code, text: stdout + stderr });
    }
    return found;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const LOOPBACK = "this program was built to reach only its exchange, not this machine: ";
const FOLDER = "this program was built to use only ./data: put the file there, or ";

/** Command lines that a compiled program cannot carry out, with its exit codes and messages. */
const BEYOND: readonly (readonly [args: string, code: number, words: string])[] = [
  ["demo", 2, `"demo" needs 127.0.0.1, which this program may not reach: ${LOOPBACK}`],
  ["exchange", 2, `"exchange" needs 127.0.0.1:9001, which this program may not reach: ${LOOPBACK}`],
  [
    "watch",
    2,
    `"watch" needs 127.0.0.1, which this program may not reach: this program was built to reach only its`,
  ],
  ["run --state=none --endpoint=ws://127.0.0.1:9", 2, `No permission to reach 127.0.0.1:9: ${LOOPBACK}`],
  [
    "run --state=none --exchange=binance-us",
    2,
    "this program was built for other hosts: build one for them with ",
  ],
  ["backtest outside.txt", 3, `outside.txt: the program may not read it: ${FOLDER}`],
  ["backtest data/x.csv --instruments=outside.txt", 2, `no permission to read outside.txt: ${FOLDER}`],
  ["backtest data/x.csv --out=x.json", 2, `the result cannot be written to x.json: `],
  ["backtest data/x.csv --state=x.db", 1, "This program was built to use only ./data"],
  ["run --state=x.db", 1, "This program was built to use only ./data"],
  ["run --state=none --record=x.txt", 2, "This program was built to use only ./data"],
  ["status x.db", 1, "This program was built to use only ./data"],
  ["export x.db", 1, "This program was built to use only ./data"],
  ["resume x.db --reason=x", 1, "This program was built to use only ./data"],
  ["compare outside.txt data/x.json", 2, `no permission to read outside.txt: ${FOLDER}`],
  ["verify x.db outside.txt", 1, "This program was built to use only ./data"],
  ["config --config=outside.txt", 2, `--config outside.txt: no permission to read outside.txt: ${FOLDER}`],
  ["doctor --state=x.db", 1, "This program was built to use only ./data"],
];

Deno.test("a compiled program explains what to do about a missing permission without naming Deno flags", async () => {
  const said = await saidBy(BEYOND.map(([args]) => args));
  for (const [args, code, words] of BEYOND) {
    const found = said.get(args)!;
    assertStringIncludes(found.text, words, args);
    assert(!/--allow-|run again with|--deny-/.test(found.text), `${args}: ${found.text}`);
    assertEquals(found.code, code, found.text);
  }
});

Deno.test("a compiled program's help marks the commands it cannot run and lists what each may use", async () => {
  const said = await saidBy(["--help", "backtest --help", "demo --help"]);
  const { text } = said.get("--help")!;
  const absent = "not in this build, which may not use the local network; from the sources: deno task ";
  for (const command of Object.keys(COMMANDS)) {
    // A long explanation continues on the next line.
    const line = text.replace(/\n {8,}/g, " ").split("\n").find((line) =>
      line.startsWith(`  penstock ${command} `)
    )!;
    assertEquals(line.includes(absent), ["demo", "exchange"].includes(command), command);
  }
  const reach = "This build reaches only the hosts of binance and uses only files under ./data.\n";
  assertStringIncludes(text, reach);
  assertStringIncludes(said.get("backtest --help")!.text, reach);
  assertStringIncludes(said.get("demo --help")!.text, `\nNot${absent.slice(3)}demo\n`);
});

Deno.test("Penstock run from source names the flags for a missing permission, and its help marks no command", async () => {
  const advised = [
    ["demo", "--allow-net=127.0.0.1"],
    ["backtest outside.txt", "--allow-read=outside.txt"],
    ["config --config=outside.txt", "--allow-read=outside.txt"],
    ["status x.db", "--allow-read=."],
    ["run --state=none --record=x.txt", "--allow-write=x.txt"],
  ] as const;
  const said = await saidBy(["--help", ...advised.map(([args]) => args)], permissionFlags("binance"));
  for (const [args, flag] of advised) {
    assertStringIncludes(
      said.get(args)!.text.toLowerCase(),
      `allow it with ${flag} before main.ts, or in deno.json`,
    );
  }
  const { text } = said.get("--help")!;
  assert(!text.includes("not in this build") && !text.includes("This build"), text);
});
