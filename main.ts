/** Penstock: paper trading you can trust. Arguments to command, signals to an abort, errors to exit codes. */
import type { Started } from "./src/config/command.ts";
import { ConfigError } from "./src/domain/process/config_error.ts";
import type { CommandName } from "./src/config/command_name.ts";
import type { Configuration, GivenOptions } from "./src/config/configuration.ts";
import { EXIT, type Exit, exitOf } from "./src/domain/process/exit.ts";
import meta from "./deno.json" with { type: "json" };
import { grantAdvice, missingIn } from "./src/domain/process/permission_advice.ts";
import { isInDatabase } from "./src/domain/run/database_place.ts";
import { printable, printableJson, writeUntil } from "./src/views/terminal/terminal.ts";

const { version } = meta;

/** A file of all options has a few thousand bytes. */
const MOST_CONFIG_BYTES = 1 << 20;

/** Aborted when the user, or a supervisor, asks the program to end. */
const asked = new AbortController();

/** Whether errors are written as JSON, like the log. */
let errorsAreJson = false;

/** How the user, or a supervisor, asks a command to end. */
type EndSignals = Pick<Started, "signal" | "blocking">;

/**
 * Runs one command line, reports its error if it fails, and returns the exit code. Calls `listen` before a command that
 * can be asked to end.
 */
export async function penstock(
  args: readonly string[],
  listen: () => Promise<EndSignals> = listenForEndSignals,
): Promise<number> {
  errorsAreJson = false;
  try {
    return await main(args, listen);
  } catch (error) {
    return await fail(error);
  }
}

async function main(args: readonly string[], listen: () => Promise<EndSignals>): Promise<number> {
  const { readArguments } = await import("./src/config/arguments.ts");
  const { command, help, version: wantsVersion, given, files, mistakes } = readArguments(args);
  if (wantsVersion) return print(`penstock ${version}\n`);
  if (help || args.length === 0) {
    const [{ commandHelp, programHelp }, { buildLimits }] = await Promise.all([
      import("./src/config/help.ts"),
      import("./src/feeds/process/permissions.ts"),
    ]);
    const limits = buildLimits();
    return print(command === null ? programHelp(version, limits) : commandHelp(command, limits));
  }
  const { configure } = await import("./src/config/config.ts");
  try {
    const collected = [...mistakes];
    if (command === null && mistakes.length === 0) {
      collected.push(`no command given: "penstock --help" lists them`);
    }
    // `configure` refuses --config without a value.
    const fromFile = !given.config?.text ? {} : await readFileOptions(given.config.text, command, collected);
    const options = { ...await lockedOptions(), ...fromFile, ...given };
    await checkMarket(options, collected);
    await checkStrategy(options, command, collected);
    const configuration = command === "sweep"
      ? (await import("./src/config/grid.ts")).configureSweep(options, collected)
      : configure(options, collected, command);
    return await execute(command!, configuration, files, listen);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return await complain(error.mistakes);
  }
}

/** The default exchange of a program that was built for one. */
async function lockedOptions(): Promise<GivenOptions> {
  const { lockedExchange } = await import("./src/feeds/process/permissions.ts");
  const exchange = lockedExchange();
  return exchange === null ? {} : { exchange: { text: exchange, source: "default" } };
}

/** The options in the configuration file; mistakes are collected. */
async function readFileOptions(
  path: string,
  command: CommandName | null,
  mistakes: string[],
): Promise<GivenOptions> {
  const [{ readConfigFile }, { readSmallFile }] = await Promise.all([
    import("./src/config/config.ts"),
    import("./src/feeds/files/small_file.ts"),
  ]);
  let text: string;
  try {
    text = await readSmallFile(path, MOST_CONFIG_BYTES);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Deno.errors.NotCapable
      ? deniedText(error)
      : messageOf(error);
    mistakes.push(`--config ${path}: ${reason}`);
    return {};
  }
  return readConfigFile(text, path, command ?? "run", mistakes);
}

/** Collects what is wrong with the options of the built-in exchange that only the exchange can read. */
async function checkMarket({ faults, serve }: GivenOptions, mistakes: string[]): Promise<void> {
  if (faults !== undefined) {
    const [{ parseFaults }, { nameIn }] = await Promise.all([
      import("./src/simulator/faults.ts"),
      import("./src/config/configuration.ts"),
    ]);
    try {
      parseFaults(faults.text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      mistakes.push(`${nameIn(faults.source, "faults")}: ${error.message}`);
    }
  }
  if (serve?.text) {
    try {
      await Deno.stat(serve.text);
    } catch (error) {
      // Reading the file shows anything else that is wrong with it.
      if (error instanceof Deno.errors.NotFound) {
        mistakes.push(`--serve ${serve.text}: there is no such file`);
      }
    }
  }
}

/** Collects what is wrong with a strategy of one's own that only its file shows. */
async function checkStrategy(
  { strategy, set }: GivenOptions,
  command: CommandName | null,
  mistakes: string[],
): Promise<void> {
  if (
    !["run", "demo", "backtest", "sweep"].includes(command ?? "") ||
    !strategy?.text.match(/^(?!.*:\/\/).*\.(ts|js)$/)
  ) return;
  const { loadStrategyFile } = await import("./src/feeds/files/strategy_file.ts");
  try {
    const file = await loadStrategyFile(strategy.text);
    if (command !== "sweep") file.with(set?.text || null);
    else {
      // Which values fit together is the sweep's business.
      const { setPartsIn } = await import("./src/config/set_lists.ts");
      for (const part of setPartsIn(set?.text ?? "")) mistakes.push(...file.mistakesIn(part));
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    mistakes.push(...error.mistakes);
  }
}

/** How each command is started. */
const COMMANDS: Readonly<Record<CommandName, (started: Started) => Promise<Exit | void>>> = {
  run: async (started) => await (await import("./src/commands/run.ts")).run(started),
  demo: async (started) => {
    const [{ demo }, { run }, { startPage }] = await Promise.all([
      import("./src/commands/demo.ts"),
      import("./src/commands/run.ts"),
      import("./src/commands/watch/page_thread.ts"),
    ]);
    await demo(started, { run, startPage });
  },
  exchange: async (started) => await (await import("./src/commands/exchange.ts")).exchange(started),
  backtest: async (started) => await (await import("./src/commands/backtest.ts")).backtest(started),
  sweep: async (started) => await (await import("./src/commands/backtest/sweep.ts")).sweep(started),
  worker: async (started) => await (await import("./src/commands/backtest/worker.ts")).worker(started),
  status: async (started) => await (await import("./src/commands/status.ts")).status(started),
  watch: async (started) => await (await import("./src/commands/watch.ts")).watch(started),
  doctor: async (started) => await (await import("./src/commands/doctor.ts")).doctor(started),
  export: async (started) => await (await import("./src/commands/export.ts")).exportOrCopy(started),
  report: async (started) => await (await import("./src/commands/report.ts")).report(started),
  compare: async (started) => await (await import("./src/commands/compare.ts")).compare(started),
  halt: async (started) => await (await import("./src/commands/halt.ts")).halt(started),
  release: async (started) => await (await import("./src/commands/release.ts")).release(started),
  resume: async (started) => await (await import("./src/commands/release.ts")).release(started),
  verify: async (started) => await (await import("./src/commands/verify.ts")).verify(started),
  config: async (started) => (await import("./src/commands/config.ts")).config(started),
};

/**
 * Commands that hardly ever wait. No listener would get its turn, so a signal ends them as it ends any
 * program.
 */
const SYNCHRONOUS: readonly CommandName[] = ["compare", "config", "export", "report", "status"];

async function execute(
  command: CommandName,
  given: Configuration & Pick<Started, "swept">,
  places: readonly string[],
  listen: () => Promise<EndSignals>,
): Promise<number> {
  const { configuration, files } = await inDatabases(command, given, places);
  errorsAreJson = configuration.config.logFormat === "json";
  const { obstacleTo } = await import("./src/feeds/process/permissions.ts");
  const obstacle = obstacleTo(command, configuration.config.port);
  if (obstacle !== null) return await complain([obstacle]);
  const ends = SYNCHRONOUS.includes(command)
    ? { signal: asked.signal, blocking: <T>(work: () => Promise<T>) => work() }
    : await listen();
  return EXIT[await COMMANDS[command]({ command, version, ...configuration, files, ...ends }) ?? "done"];
}

/** The same, with the names of journals in databases; they are loaded only where there are some. */
async function inDatabases(
  command: CommandName,
  configuration: Configuration & Pick<Started, "swept">,
  files: readonly string[],
) {
  const { state, name } = configuration.config;
  if (name === null && ![state, ...files].some(isInDatabase)) return { configuration, files };
  const { withJournalNames } = await import("./src/commands/run/journal_names.ts");
  const named = withJournalNames(command, configuration.config, files);
  return { configuration: { ...configuration, config: named.config }, files: named.files };
}

/** The signals of this process. */
async function listenForEndSignals(): Promise<EndSignals> {
  const [{ endSignals }, { keepDebuggerClosed }] = await Promise.all([
    import("./src/feeds/process/end_signals.ts"),
    import("./src/feeds/process/debugger.ts"),
  ]);
  const closed = "SIGUSR1 has no meaning here; if Deno opened its debugger at it, that is closed again";
  keepDebuggerClosed(() => writeError(lineOf(closed)));
  return endSignals(asked, EXIT.interrupted);
}

/** Prints an error and returns the exit code that it ends the program with. */
async function fail(error: unknown): Promise<number> {
  // The reader of standard output is gone, as with `head`: there is nobody left to write to.
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.done;
  // The user did not wait for the files that a command needs before it starts, such as a pipe without a writer.
  if (asked.signal.aborted && error === asked.signal.reason) {
    return await complain(["stopped before it started"], EXIT.interrupted);
  }
  const exit = exitOf(error);
  if (exit !== null) {
    const { advice = "", others = [] } = error as {
      readonly advice?: string;
      readonly others?: readonly unknown[];
    };
    const message = advice === "" ? messageOf(error) : `${messageOf(error)}. ${advice}`;
    return await complain([message, ...others.map(messageOf)], EXIT[exit]);
  }
  if (error instanceof Deno.errors.NotCapable) return await complain([deniedText(error)], EXIT.usage);
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") {
    return await complain([`the output cannot be written: ${messageOf(error)}`], EXIT.failure);
  }
  if (error instanceof Deno.errors.AddrInUse) return await complain([messageOf(error)], EXIT.failure);
  const unexpected = `unexpected failure; please report it with what follows:\n${Deno.inspect(error)}`;
  await writeError(errorsAreJson ? lineOf(unexpected) : `penstock: ${unexpected}\n`);
  return EXIT.failure;
}

/** What Deno denied, with advice that fits this program instead of Deno's own. */
function deniedText(error: Error): string {
  const missing = missingIn(error.message);
  if (missing === null) return error.message;
  const { net, read, write } = missing;
  const what = net !== undefined ? `reach ${net}` : read !== undefined ? `read ${read}` : `write ${write}`;
  return `no permission to ${what}: ${grantAdvice(missing, Deno.build.standalone)}`;
}

function print(text: string): number {
  console.log(text.trimEnd());
  return EXIT.done;
}

/** Writes what is wrong to standard error, one line each, and returns `code`. */
async function complain(messages: readonly string[], code: number = EXIT.usage): Promise<number> {
  await writeError(messages.map(lineOf).join(""));
  return code;
}

/** An error as one line, in JSON if the log is JSON. */
function lineOf(message: string): string {
  return errorsAreJson
    ? `${printableJson({ time: new Date().toISOString(), level: "error", message })}\n`
    : `penstock: ${printable(message)}\n`;
}

/** How long the last message waits for a reader of standard error. */
const STDERR_PATIENCE_MS = 2_000;
/** The same, once the program was asked to end. */
const STDERR_GRACE_MS = 300;

/** Writes to standard error, if that is possible. */
async function writeError(text: string): Promise<void> {
  const patience = AbortSignal.any([asked.signal, AbortSignal.timeout(STDERR_PATIENCE_MS)]);
  try {
    await writeUntil(patience, Deno.stderr, text, STDERR_GRACE_MS);
  } catch {
    // Nobody reads it: the exit code is all that is left.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  // Nothing else catches the errors of timers and of the built-in exchange's own tasks.
  addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error).then(Deno.exit);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason).then(Deno.exit);
  });
  const code = await penstock(Deno.args);
  // A socket whose peer never finishes closing would otherwise keep the process alive.
  Deno.exit(code);
}
