/** The program's commands, run in this process. */
import meta from "../../deno.json" with { type: "json" };
import { backtest } from "../../src/commands/backtest.ts";
import { compare } from "../../src/commands/compare.ts";
import { sweep } from "../../src/commands/backtest/sweep.ts";
import { config } from "../../src/commands/config.ts";
import { demo } from "../../src/commands/demo.ts";
import { startPage } from "../../src/commands/watch/page_thread.ts";
import { exchange } from "../../src/commands/exchange.ts";
import { exportOrCopy } from "../../src/commands/export.ts";
import { halt } from "../../src/commands/halt.ts";
import { report } from "../../src/commands/report.ts";
import { release } from "../../src/commands/release.ts";
import { run } from "../../src/commands/run.ts";
import { status } from "../../src/commands/status.ts";
import { verify } from "../../src/commands/verify.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { configure, readConfigFile } from "../../src/config/config.ts";

import { configureSweep } from "../../src/config/grid.ts";

const SOURCES = new URL("../../src/", import.meta.url);

// All modules are loaded now, because loading one while a command runs would take time that the fixed clock does not
// count.
for (const source of modulesIn(SOURCES)) await import(source.href);

function* modulesIn(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* modulesIn(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}

/**
 * Runs a command line like main.ts, but without signals and exit codes. Load this module once the surroundings of the
 * commands are in place.
 *
 * @throws {TypeError} for a command line that the program would refuse, or a command that needs an exchange's hosts
 */
export async function penstock(...args: readonly string[]): Promise<void> {
  const { command, given, files, mistakes } = readArguments(args);
  if (command === null || mistakes.length > 0) {
    throw new TypeError(`${args.join(" ")}: ${mistakes.join("; ")}`);
  }
  const file = given.config?.text;
  const fromFile = file === undefined ? {} : readConfigFile(Deno.readTextFileSync(file), file, command, []);
  const options = { ...fromFile, ...given };
  const configuration = command === "sweep" ? configureSweep(options, []) : configure(options, [], command);
  const { signal } = new AbortController();
  const blocking = <T>(work: () => T): T => work();
  const started = { command, version: meta.version, files, ...configuration, signal, blocking };
  switch (command) {
    case "demo":
      return await demo(started, { run, startPage });
    case "exchange":
      return await exchange(started);
    case "backtest":
      return await backtest(started);
    case "sweep":
      return await sweep(started);
    case "halt":
      return await halt(started);
    case "release":
    case "resume":
      return await release(started);
    case "status":
      return status(started);
    case "config":
      return config(configuration);
    case "verify":
      if (await verify(started) !== "done") throw new Error("the verification found a difference");
      return;
    case "export":
      return await exportOrCopy(started);
    case "compare":
      // A difference is not a failure here.
      await compare(started);
      return;
    case "report":
      return await report(started);
    default:
      throw new TypeError(`${command} needs an exchange's hosts`);
  }
}
