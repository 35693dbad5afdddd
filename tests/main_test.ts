/** The program from outside: help, versions, mistakes, exit codes, and what becomes of a reader that leaves. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import meta from "../deno.json" with { type: "json" };
import { type CommandName, COMMANDS } from "../src/config/command_name.ts";
import { OPTION_NAMES, OPTIONS } from "../src/config/options.ts";
import { optionWord } from "../src/domain/process/config_error.ts";
import { bytesOf, Folder, rows } from "./feeds/recorded_input.ts";
import { inProcess } from "./support/in_process.ts";
import { commandLine, DEAD_ENDPOINT, eventsOf, Penstock, penstock } from "./support/penstock.ts";

/** The mistakes named on standard error, one per line, when nothing else happened. */
async function mistakes(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await inProcess(...args);
  assertEquals([code, stdout], [2, ""], stderr);
  return stderr.split("\n").map((line) => {
    assertMatch(line, /^penstock: /);
    return line.slice("penstock: ".length);
  });
}

Deno.test("inProcess() gives the exit code and the bytes that its own process gives", async () => {
  await using folder = new Folder();
  const trades = await folder.write("trades.csv", rows(200));
  const bad = await folder.write("bad.csv", `${rows(3)}?\n`);
  const commands: readonly (readonly string[])[] = [
    ["--version"],
    ["config", "--short=7"],
    ["config", "--short=0", "--fee=1"],
    ["backtest", "--models", "--log-level=info", trades],
    ["backtest", "--json", bad],
    ["status", trades],
  ];
  for (const args of commands) {
    const [own, shared] = [await penstock(...args), await inProcess(...args)].map((
      { code, stdout, stderr },
    ) => ({
      code,
      // Neither started at the same time nor was as fast.
      stdout: stdout.replace(/ in [\d.]+ m?s, [\d,]+ a second/, ""),
      stderr: stderr.replaceAll(/^\d\S+ /gm, ""),
    }));
    assertEquals(shared, own, args.join(" "));
  }
});

Deno.test("main() without arguments and with --help names every command", async () => {
  const [bare, helped, brief] = await Promise.all([inProcess(), inProcess("--help"), inProcess("-h")]);
  for (const { code, stdout, stderr } of [bare, helped, brief]) {
    assertEquals([code, stderr], [0, ""]);
    for (const name of Object.keys(COMMANDS)) assertMatch(stdout, new RegExp(`^  penstock ${name} `, "m"));
    assertStringIncludes(stdout, "--version");
    assertStringIncludes(stdout, "Exit codes: 0 done");
  }
});

for (const command of Object.keys(COMMANDS) as CommandName[]) {
  Deno.test(`main() answers "${command} --help" with the options of the command and no others`, async () => {
    const { code, stdout, stderr } = await inProcess(command, "--help");
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout.replaceAll("\n", " "), `penstock ${command}: ${COMMANDS[command]}`);
    const listed = stdout.split("\n").flatMap((line) => /^ {2}--([a-z-]+)/.exec(line)?.[1] ?? []);
    const expected = OPTION_NAMES.filter((name) => OPTIONS[name].commands.includes(command)).map(optionWord);
    assertEquals(listed, expected);
  });
}

Deno.test("main() answers --version with the version", async () => {
  assertEquals(await penstock("--version"), { code: 0, stdout: `penstock ${meta.version}`, stderr: "" });
});

Deno.test("main() names all mistakes of a command line together", async () => {
  const found = await mistakes("run", "--cash=0", "--slippage", "-1", "--wrong", "1", "--short=60", "extra");
  assertEquals(found, [
    `"extra" is one word too many: "run" takes options only`,
    `--wrong is not an option: "penstock run --help" lists the options`,
    `--cash is "0": expected an amount above 0`,
    `--slippage is "-1": expected basis points from 0 to below 10000, in plain decimals`,
    "--short is 60 and --long is 50: expected the short window to be smaller than the long one",
  ]);
});

Deno.test("main() names the mistakes of the configuration file with those of the command line", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, `{"shrot": 5, "long": 7, "fee": 2, "json": [1], "\\u001b[2J": 1}`);
    assertEquals(await mistakes("run", "--config", file, "--short=9", "--stale", "soon"), [
      `"shrot" in the configuration file is not an option; did you mean "short"? "penstock run --help" lists them`,
      `"json" in the configuration file is [1]: expected a text or a number`,
      `"\\u{1b}[2J" in the configuration file is not an option; "penstock run --help" lists them`,
      `"fee" in the configuration file is "2": expected a rate from 0 to below 1, such as 0.1% or 0.001`,
      `--stale is "soon": expected a duration from 50ms to 24h, such as 250ms, 30s, 5m`,
      `--short is 9 and "long" in the configuration file is 7: expected the short window to be smaller than the long one`,
    ]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("main() names unreadable faults and a missing recording together with other mistakes", async () => {
  const found = await mistakes("demo", "--faults", "dorp@5", "--rate=0", "--json=5", "--serve=none.gz");
  assertEquals(found.length, 4);
  assertEquals(found[0], `--json is "5": expected no value, it is a switch`);
  assertMatch(found[1]!, /^--faults: Cannot read the fault "dorp@5": expected drop@N, close@N,/);
  assertEquals(found[2], "--serve none.gz: there is no such file");
  assertEquals(found[3], `--rate is "0": expected a whole number from 1 to 1000000`);
});

for (
  const [what, args, expected] of [
    ["no command", ["--cash=1"], /^no command given/],
    [
      "an unknown command",
      ["rnu"],
      /^"rnu" is not a command: expected one of run, demo, exchange, backtest, sweep, worker, status, watch, doctor, export, report, compare, halt, release, resume, verify, config$/,
    ],
    ["an option of another command", ["run", "--port=1"], /^--port is not an option of "run"/],
    ["an option given twice", ["run", "--cash=1", "--cash=2"], /^--cash is given 2 times \(1, 2\)/],
    ["an option without its value", ["run", "--cash"], /^--cash has no value: expected an amount above 0/],
    [
      "an option with an empty value",
      ["run", "--cash", ""],
      /^--cash has no value: expected an amount above 0/,
    ],
    ["a file without a name", ["run", "--config", ""], /^--config has no value: expected a text/],
    ["a recording without a name", ["exchange", "--serve"], /^--serve has no value: expected a text/],
    ["a file that is not there", ["run", "--config=none.json"], /^--config none.json: there is no such file/],
    ["a file that is not JSON", ["run", "--config=main.ts"], /^--config main.ts: not JSON/],
    [
      "a recording that is not there",
      ["exchange", "--serve=none.gz"],
      /^--serve none.gz: there is no such file/,
    ],
    ["a recording that is none", ["exchange", "--serve=deno.json"], /^--serve deno.json/],
    ["an address with a query", ["run", "--endpoint=ws://127.0.0.1:9/?a"], /^--endpoint is "ws:/],
    ["an address of another kind", ["run", "--endpoint=http://127.0.0.1:9"], /^--endpoint is "http:.*ws:/],
    ["a symbol that no exchange has", ["demo", "--symbol=A/B"], /^--symbol is "A\/B": expected 2 to 40 /],
  ] as const
) {
  Deno.test(`main() refuses ${what} with one sentence`, async () => {
    const found = await mistakes(...args);
    assertMatch(found[0]!, expected);
    assertEquals(found.length, 1);
  });
}

Deno.test("main() ends with 4 and a summary when --attempts are used up", async () => {
  const { code, stdout, stderr } = await penstock(
    "run",
    "--state=none",
    "--json",
    "--attempts=2",
    "--endpoint",
    DEAD_ENDPOINT,
  );
  assertEquals(code, 4);
  assertEquals(eventsOf(stdout).map(({ type }) => type), ["started", "disconnected", "summary"]);
  const { host } = new URL(DEAD_ENDPOINT);
  assertStringIncludes(stderr, "penstock: Gave up after 2 failed attempts in a row");
  assertStringIncludes(stderr, `nothing answers at ${host}`);
  assert(!stderr.includes("    at "), stderr);
});

Deno.test("main() says why a run failed as the log does, where that is JSON", async () => {
  const dead = ["--state=none", "--attempts=1", "--endpoint", DEAD_ENDPOINT];
  const { code, stderr } = await penstock("run", ...dead, "--log-format=json");
  assertEquals(code, 4);
  const { time, level, message } = stderr.split("\n").map((line) => JSON.parse(line)).at(-1);
  assertEquals([new Date(time).toISOString(), level], [time, "error"]);
  assertStringIncludes(message, "Gave up after 1 failed attempt");
});

Deno.test("main() ends with 2 and the missing flag where it may not reach the exchange", async () => {
  await using program = Penstock.start(["run", "--state=none", "--endpoint=ws://127.0.0.1:4567"], [
    "--no-prompt",
  ]);
  const { code, stderr } = await program.finished();
  assertEquals(code, 2);
  assertStringIncludes(
    stderr,
    "No permission to reach 127.0.0.1:4567: allow it with --allow-net=127.0.0.1:4567 before main.ts",
  );
  assert(!stderr.includes("    at "), stderr);
});

Deno.test("main() ends with 2 where the demo may not listen", async () => {
  await using program = Penstock.start(["demo"], ["--no-prompt"]);
  const { code, stderr } = await program.finished();
  assertEquals(code, 2);
  assertEquals(
    stderr,
    `penstock: "demo" needs 127.0.0.1, which this program may not reach: ` +
      "allow it with --allow-net=127.0.0.1 before main.ts, or in deno.json",
  );
});

/** Runs a command line of the shell in which `penstock` stands for the program. */
async function shell(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const words = [Deno.execPath(), ...commandLine([])].map((word) => `'${word}'`).join(" ");
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script.replaceAll("penstock", words)],
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const hasShell = Deno.build.os !== "windows";

Deno.test({
  name: "main() says that the reader of its events has left, and ends with 1",
  ignore: !hasShell,
  fn: async () => {
    const demo = "penstock demo --json --speed=max --for=20s --log-level=error";
    const { stdout, stderr } = await shell(`{ ${demo}; echo "code $?" >&2; } | head -n 1`);
    assertEquals(stdout.split("\n").length, 2);
    assertEquals(JSON.parse(stdout).type, "started");
    assertMatch(stderr, /^penstock: standard output no longer has a reader, .*\ncode 1\n$/);
  },
});

Deno.test({
  name: "main() ends quietly with 0 when the reader of its help leaves",
  ignore: !hasShell,
  fn: async () => {
    const go = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
    const help = [Deno.execPath(), ...commandLine(["run", "--help"])];
    await using program = Penstock.spawn(["sh", "-c", 'read go; exec "$0" "$@"', ...help], go.readable);
    await program.closeOutput();
    const writer = go.writable.getWriter();
    await writer.write(bytesOf("\n"));
    await writer.close();
    const { code, stderr } = await program.finished();
    assertEquals([code, stderr], [0, ""]);
  },
});

Deno.test({
  name: "main() says that its output cannot be written, without a stack, and ends with 1",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const command of ["demo --json", "config", "--help"]) {
      const { code, stderr } = await shell(`penstock ${command} --log-level=error > /dev/full`);
      assertEquals(code, 1, command);
      assertMatch(stderr, /^penstock: the output cannot be written: .*\n$/);
    }
  },
});

Deno.test({
  name: "main() ends when it is asked to while it waits for a file that is a pipe nobody writes to",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = new Folder();
    const [pipe, path] = [await folder.pipe("pipe"), await folder.write("a.csv", rows(3))];
    await using program = Penstock.start(["backtest", path, `--instruments=${pipe}`]);
    // It has started once its end of the pipe is open as well.
    (await Deno.open(pipe, { write: true })).close();
    const again = await Deno.open(pipe, { write: true });
    program.signal("SIGTERM");
    const { code, stdout, stderr } = await program.finished();
    again.close();
    assertEquals([code, stdout, stderr], [130, "", "penstock: stopped before it started"]);
  },
});
