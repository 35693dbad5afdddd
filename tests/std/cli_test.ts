import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import * as cli from "@std/cli";

/** Type-checks only if the two types are the same. */
function same<A, B>(
  _: (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false,
) {}

Deno.test("parseArgs() reads strings, booleans and repeated options", () => {
  const args = parseArgs(["run", "--cash", "100", "--json", "--symbol=A", "--symbol", "B", "file.csv"], {
    string: ["cash", "symbol", "state"],
    boolean: ["json", "help"],
    collect: ["symbol"],
  });
  same<typeof args.cash, string | undefined>(true);
  same<typeof args.json, boolean>(true);
  same<typeof args.symbol, string[]>(true);
  assertEquals(args, {
    _: ["run", "file.csv"],
    cash: "100",
    json: true,
    help: false,
    symbol: ["A", "B"],
  });
});

Deno.test("parseArgs() leaves a string option empty when its value is missing", () => {
  assertEquals(parseArgs(["--cash", "--state="], { string: ["cash", "state"] }), {
    _: [],
    cash: "",
    state: "",
  });
});

Deno.test("parseArgs() fills in defaults and repeats values under aliases", () => {
  const args = parseArgs(["-h"], {
    boolean: ["help"],
    string: ["level"],
    alias: { help: "h" },
    default: { level: "info" },
  });
  same<typeof args.level, string>(true);
  same<typeof args.h, boolean>(true);
  assertEquals(args, { _: [], help: true, h: true, level: "info" });
});

Deno.test("parseArgs() negates what is negatable", () => {
  const args = parseArgs(["--no-color", "--no-log"], {
    boolean: ["color"],
    string: ["log"],
    negatable: ["color", "log"],
    default: { color: true },
  });
  same<typeof args.color, boolean>(true);
  same<typeof args.log, string | false | undefined>(true);
  assertEquals(args, { _: [], color: false, log: false });
});

Deno.test("parseArgs() stops early and sets aside what follows a double dash", () => {
  assertEquals(parseArgs(["--a", "1", "sub", "--b"], { string: ["a"], stopEarly: true }), {
    _: ["sub", "--b"],
    a: "1",
  });
  const args = parseArgs(["x", "--", "--y"], { "--": true, boolean: ["y"] });
  same<typeof args["--"], string[]>(true);
  assertEquals(args, { _: ["x"], "--": ["--y"], y: false });
});

Deno.test("parseArgs() offers every unknown option to the unknown function and drops the refused", () => {
  const seen: unknown[][] = [];
  const args = parseArgs(["--known=1", "--odd=2", "-q", "7"], {
    string: ["known"],
    unknown: (arg, key, value) => {
      seen.push([arg, key, value]);
      return false;
    },
  });
  assertEquals(args, { _: [], known: "1" });
  assertEquals(seen, [["--odd=2", "odd", "2"], ["-q", "q", "7"]]);
});

Deno.test("parseArgs() makes numbers of what is not declared a string", () => {
  const args = parseArgs(["--n", "5", "6", "1e3"]);
  assertEquals(args, { _: [6, 1000], n: 5 });
  assertEquals(parseArgs(["6"], { string: ["_"] }) as unknown, { _: ["6"] });
});

Deno.test("mod exports the same parseArgs()", () => {
  assertEquals(cli.parseArgs, parseArgs);
});
