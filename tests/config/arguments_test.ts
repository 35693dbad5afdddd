import { assert, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readArguments } from "../../src/config/arguments.ts";
import { configure } from "../../src/config/config.ts";
import { ConfigError, optionWord } from "../../src/domain/process/config_error.ts";
import { OPTION_NAMES, OPTIONS } from "../../src/config/options.ts";
import { assertEquals } from "../support/equals.ts";
import { ANY_CHARACTER } from "../support/any_character.ts";

const anything = fc.string({ unit: ANY_CHARACTER });
const valued = OPTION_NAMES.filter((name) => OPTIONS[name].value !== null);

/** The texts of the options given. */
function texts(...args: string[]): Record<string, string> {
  const { given, mistakes } = readArguments(args);
  assertEquals(mistakes, []);
  return Object.fromEntries(Object.entries(given).map(([name, { text }]) => [name, text]));
}

Deno.test("readArguments() finds the command in any place, and values after = or a space", () => {
  const { command, help, version } = readArguments(["--cash", "5", "run", "--min-notional=7", "--json"]);
  assertEquals([command, help, version], ["run", false, false]);
  assertEquals(texts("--cash", "5", "run", "--min-notional=7", "--json"), {
    cash: "5",
    minNotional: "7",
    json: "on",
  });
});

Deno.test("readArguments() keeps a value's text as it was written", () => {
  assertEquals(texts("run", "--cash=010.50"), { cash: "010.50" });
  assertEquals(texts("run", "--symbol=0x10", "--stake", "1e3", "--endpoint=ws://h?a=b"), {
    symbol: "0x10",
    stake: "1e3",
    endpoint: "ws://h?a=b",
  });
});

Deno.test("readArguments() takes a negative number for the value of the option before it", () => {
  assertEquals(texts("run", "--slippage", "-1", "--fee", "-.5"), { slippage: "-1", fee: "-.5" });
  assertEquals(readArguments(["run", "--json", "-1"]).mistakes, [
    `-1 is not an option: "penstock run --help" lists the options`,
  ]);
});

Deno.test("readArguments() takes an empty text for the value of the option before it", () => {
  assertEquals(texts("run", "--symbol", "", "--fee", "0"), { symbol: "", fee: "0" });
});

Deno.test("readArguments() knows the short forms of help and version", () => {
  assertEquals(readArguments(["-h"]).help, true);
  assertEquals(readArguments(["-V"]).version, true);
  assertEquals(readArguments(["demo", "--help"]), {
    command: "demo",
    files: [],
    help: true,
    version: false,
    given: {},
    mistakes: [],
  });
});

Deno.test("readArguments() names everything that it cannot use, once", () => {
  const lists = `: "penstock demo --help" lists the options`;
  const { mistakes } = readArguments(
    ["demo", "run", "-xyz", "--no-json", "--CASH=5", "--cash", "1", "--cash", "2", "--port=1", "--json=no"],
  );
  assertEquals(
    mistakes.toSorted(),
    [
      `"run" is one word too many: "demo" takes options only`,
      "--cash is given 2 times (1, 2): expected once",
      `--CASH=5 is not an option: did you mean --cash? "penstock demo --help" lists the options`,
      `--json is "no": expected no value, it is a switch`,
      `--no-json is not an option${lists}`,
      `--port is not an option of "demo"${lists}`,
      `-xyz is not an option${lists}`,
    ].toSorted(),
  );
});

Deno.test("readArguments() suggests the option of the command that a mistyped one is close to", () => {
  const meant = (...args: string[]) => /did you mean (\S+)\?/.exec(readArguments(args).mistakes.join())?.[1];
  assertEquals(meant("run", "--shrot=5"), "--short");
  assertEquals(meant("run", "--max-drawdwon", "5%"), "--max-drawdown");
  assertEquals(meant("run", "-symbol=ETHUSDT"), "--symbol");
  // Another command's option would be refused as well.
  assertEquals(meant("exchange", "--prot=9001"), "--port");
  for (const args of [["run", "--prot=9001"], ["run", "--banana"], ["run", "--no-json"], ["run", "-x"]]) {
    assertEquals(meant(...args), undefined, args.join(" "));
  }
});

Deno.test("readArguments() takes at most one journal for a command that reads one, and one run for status", () => {
  for (const command of ["status", "export"]) {
    assertEquals(readArguments([command]).files, []);
    assertEquals(readArguments([command, "a.db"]).files, ["a.db"]);
    assertEquals(readArguments([command, "a.db", "--run=2"]).mistakes, []);
    const { files, mistakes } = readArguments([command, "a.db", "b.db", "c.db", "--port=1"]);
    assertEquals(files, ["a.db"]);
    assertEquals(mistakes, [
      `"b.db" is one word too many: "${command}" takes one journal and options`,
      `"c.db" is one word too many: "${command}" takes one journal and options`,
      `--port is not an option of "${command}": "penstock ${command} --help" lists the options`,
    ]);
  }
  assertEquals(readArguments(["export", "--run=all"]).mistakes, []);
  assertEquals(readArguments(["status", "--run=all"]).mistakes, [
    `--run is "all": expected the number of one run for "status"`,
  ]);
});

Deno.test("readArguments() takes a journal and at least one recording for verify", () => {
  assertEquals(readArguments(["verify", "a.db", "1.txt", "2.txt"]).files, ["a.db", "1.txt", "2.txt"]);
  const usage = `expected "penstock verify JOURNAL RECORDING..."`;
  assertEquals(readArguments(["verify", "a.db"]).mistakes, [`one file given: ${usage}`]);
  assertEquals(readArguments(["verify", "--run=2"]).mistakes, [`no file given: ${usage}`]);
});

Deno.test("readArguments() joins an option that is given more than once, and a duration after --ping", () => {
  const found = (...words: string[]) => {
    const { given, files, mistakes } = readArguments(["watch", ...words]);
    return [given.notify?.text, given.ping?.text, files, mistakes];
  };
  assertEquals(found("a.db", "--notify", "ntfy://h/t", "--notify=telegram://1", "b.db"), [
    ...["ntfy://h/t telegram://1", undefined, ["a.db", "b.db"], []],
  ]);
  const url = "https://h/a";
  for (const words of [["--ping", url, "1m"], [`--ping=${url}`, "1m"], ["--ping", `${url} 1m`]]) {
    assertEquals(found(...words, "a.db"), [undefined, `${url} 1m`, ["a.db"], []], words.join(" "));
  }
  assertEquals(found("--ping", url, "a.db", "1m"), [undefined, url, ["a.db", "1m"], []]);
  assertEquals(found("--ping", url, "--listen", "1m"), [undefined, url, [], []]);
  assertEquals(found("--notify", "ntfy://h/t", "1m")[2], ["1m"]);
  assertEquals(found("--ping", "https://h/secret1", "--ping", "https://h/secret1")[3], [
    "--ping is given 2 times: expected once",
  ]);
});

Deno.test("configure() repeats no address of a service, because people paste tokens into them", () => {
  const token = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
  for (
    const [name, text] of [["notify", `telegram://${token}`], ["ping", `https://x:${token}@h/ 1m`]] as const
  ) {
    const error = assertThrows(() => configure({ [name]: { text, source: "command line" } }), ConfigError);
    assertMatch(error.message, new RegExp(`^--${name} cannot be used: expected `));
    assert(!error.message.includes("AAHdq"), error.message);
  }
});

Deno.test("readArguments() takes no inherited name for a command or an option", () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    assertEquals(readArguments([name]).command, null);
    assertEquals(readArguments([name]).mistakes.length, 1);
    assertEquals(readArguments(["run", `--${name}=1`]).mistakes.length, 1);
  }
});

Deno.test("readArguments() and configure() read any text of any option or refuse it by name and value", () => {
  fc.assert(
    fc.property(fc.constantFrom(...valued), fc.oneof(anything, fc.string()), (name, text) => {
      const option = `--${optionWord(name)}`;
      // Some commands need files; the others take none.
      const command = OPTIONS[name].commands[0]!;
      const files: Partial<Record<string, string[]>> = {
        backtest: ["trades.csv"],
        sweep: ["trades.csv"],
        verify: ["a.db", "a.txt"],
        release: ["a.db"],
        halt: ["a.db"],
        worker: ["postgres://a@b/c"],
      };
      const words = [command, `${option}=${text}`, ...files[command] ?? []];
      const { given, mistakes } = readArguments(words);
      assertEquals(mistakes, []);
      assertEquals(given[name], { text, source: "command line" });
      try {
        configure(given);
      } catch (error) {
        assert(error instanceof ConfigError);
        const isPrivate = name === "notify" || name === "ping" || name === "dataUrl";
        const value = text === "" ? "has no value" : isPrivate ? "cannot be used" : `is "${text}"`;
        // A window that is fine by itself may not fit the other one's default: then both are named.
        const isPair = error.message.includes("--short is ") && error.message.includes(" and --long is ");
        const named = isPair ? option : `${option} ${value}: expected `;
        assert(error.mistakes[0]!.includes(named), error.message);
        assertEquals(error.mistakes.length, 1);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("readArguments() never throws, whatever the words", () => {
  const word = fc.oneof(
    anything,
    fc.constantFrom(
      "run",
      "--",
      "-",
      "--cash",
      "--json",
      "--json=",
      "-h",
      "--_",
      "--_=1",
      "-_",
      "-x_",
      "--help.a",
      "--=",
      "true",
    ),
    anything.map((text) => `--${text}`),
    anything.map((text) => `-${text}`),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      const { command, help, version, given, mistakes } = readArguments(args);
      const understood = command !== null || help || version || Object.keys(given).length > 0;
      assert(args.length === 0 || understood || mistakes.length > 0 || args.every(isEmpty), args.join(" "));
    }),
    { numRuns: 2000 },
  );
});

/** Words without a meaning: the end of the options, and a switch set to what it is anyway. */
function isEmpty(word: string): boolean {
  return word === "--" || word === "true";
}
