/** The program's commands, run in this process. */
import type { Command } from "../../src/domain/command.ts";
import meta from "../../deno.json" with { type: "json" };

/** Runs a command line, as main.ts does but for signals and exit codes. */
export async function penstock(...args: readonly string[]): Promise<void> {
  const [{ readArguments }, { configure, readConfigFile }] = await Promise.all([
    import("../../src/domain/arguments.ts"),
    import("../../src/domain/config.ts"),
  ]);
  const { command, given, files, mistakes } = readArguments(args);
  if (command === null || mistakes.length > 0) {
    throw new TypeError(`${args.join(" ")}: ${mistakes.join("; ")}`);
  }
  const file = given.config?.text;
  const fromFile = file === undefined ? {} : readConfigFile(Deno.readTextFileSync(file), file, command, []);
  const configuration = configure({ ...fromFile, ...given }, [], command);
  const started = {
    ...{ command, version: meta.version, files },
    ...configuration,
    signal: new AbortController().signal,
    blocking: <T>(work: () => T): T => work(),
  };
  const { run } = await import("../../src/commands/run.ts");
  const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
    demo: async () => (await import("../../src/commands/demo.ts")).demo(started, run as Command),
    backtest: async () => (await import("../../src/commands/backtest.ts")).backtest(started),
    halt: async () => (await import("../../src/commands/halt.ts")).halt(started),
    release: async () => (await import("../../src/commands/release.ts")).release(started),
    status: async () => (await import("../../src/commands/status.ts")).status(started),
    verify: async () => (await import("../../src/commands/verify.ts")).verify(started),
    exchange: async () => (await import("../../src/commands/exchange.ts")).exchange(started),
    config: async () => (await import("../../src/commands/config.ts")).config(configuration),
    export: async () => {
      const { copy, exportJournal } = await import("../../src/commands/export.ts");
      await (configuration.config.copy === null ? exportJournal(started) : copy(started));
    },
  };
  const run_ = COMMANDS[command];
  if (run_ === undefined) throw new TypeError(`${command} is not among the commands that can be shown`);
  await run_();
}
