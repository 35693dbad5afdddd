/** Penstock: paper trading you can trust. Arguments to command, signals to an abort, errors to exit codes. */
import type { CommandName } from "./src/domain/command_name.ts";
import type { Configuration, GivenOptions } from "./src/domain/config.ts";
import meta from "./deno.json" with { type: "json" };
import { grantAdvice, missingIn } from "./src/domain/permission_advice.ts";
import { printable } from "./src/views/terminal.ts";

/** What the program ends with. */
const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  input: 3,
  unreachable: 4,
  difference: 5,
  interrupted: 130,
} as const;

const { version } = meta;

/** A file of all options has a few thousand. */
const MOST_CONFIG_BYTES = 1 << 20;

/** Whether the command that runs takes --skip-bad. */
let skipsBad = false;

/** Runs one command line and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { readArguments } = await import("./src/domain/arguments.ts");
  const { command, help, version: wantsVersion, given, files, mistakes } = readArguments(args);
  if (wantsVersion) return print(`penstock ${version}\n`);
  if (help || args.length === 0) {
    const [{ commandHelp, programHelp }, { buildLimits }] = await Promise.all([
      import("./src/views/help.ts"),
      import("./src/feeds/permissions.ts"),
    ]);
    const limits = buildLimits();
    return print(command === null ? programHelp(version, limits) : commandHelp(command, limits));
  }
  const { ConfigError, configure } = await import("./src/domain/config.ts");
  try {
    const collected = [...mistakes];
    if (command === null && mistakes.length === 0) {
      collected.push(`no command given: "penstock --help" lists them`);
    }
    // An option without a value is refused as that, and not looked for.
    const fromFile = !given.config?.text ? {} : await readFileOptions(given.config.text, command, collected);
    const options = { ...await lockedOptions(), ...fromFile, ...given };
    await checkMarket(options, collected);
    return await execute(command!, configure(options, collected, command), files);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const mistake of error.mistakes) complain(mistake);
    return EXIT.usage;
  }
}

/** What a program that was built for one exchange trades there by default. */
async function lockedOptions(): Promise<GivenOptions> {
  const { lockedExchange } = await import("./src/feeds/permissions.ts");
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
    import("./src/domain/config.ts"),
    import("./src/feeds/small_file.ts"),
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

/** Collects what is wrong with the market asked for: it belongs to the exchange, not to the options. */
async function checkMarket({ faults, serve }: GivenOptions, mistakes: string[]): Promise<void> {
  if (faults !== undefined) {
    const [{ parseFaults }, { nameIn }] = await Promise.all([
      import("./src/feeds/exchange/faults.ts"),
      import("./src/domain/config.ts"),
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
      // Whatever else is wrong with it shows when it is read.
      if (error instanceof Deno.errors.NotFound) {
        mistakes.push(`--serve ${serve.text}: there is no such file`);
      }
    }
  }
}

/** Runs a command under this process's signals. */
async function execute(
  command: CommandName,
  configuration: Configuration,
  files: readonly string[],
): Promise<number> {
  const { obstacleTo } = await import("./src/feeds/permissions.ts");
  const obstacle = obstacleTo(command, configuration.config.port);
  if (obstacle !== null) return complain(obstacle);
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
    controller.abort();
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  // An export answers to nothing while it works, and has nothing to end: a signal may end it at once.
  if (command === "export") signals.length = 0;
  for (const name of signals) Deno.addSignalListener(name, stop);
  const started = { command, version, ...configuration, files, signal: controller.signal };
  skipsBad = command === "backtest";
  try {
    switch (command) {
      case "config":
        (await import("./src/commands/config.ts")).config(configuration);
        break;
      case "run":
        await (await import("./src/commands/run.ts")).run(started);
        break;
      case "demo": {
        const [{ demo }, { run }] = await Promise.all([
          import("./src/commands/demo.ts"),
          import("./src/commands/run.ts"),
        ]);
        await demo(started, run);
        break;
      }
      case "backtest":
        await (await import("./src/commands/backtest.ts")).backtest(started);
        break;
      case "halt":
        await (await import("./src/commands/halt.ts")).halt(started);
        break;
      case "release":
      case "resume":
        await (await import("./src/commands/release.ts")).release(started);
        break;
      case "status":
        (await import("./src/commands/status.ts")).status(started);
        break;
      case "doctor":
        await (await import("./src/commands/doctor.ts")).doctor(started);
        break;
      case "export":
        if (configuration.config.copy !== null) {
          await (await import("./src/commands/export.ts")).copy(started);
        } else (await import("./src/commands/export.ts")).exportJournal(started);
        break;
      case "verify":
        if (!await (await import("./src/commands/verify.ts")).verify(started)) {
          return controller.signal.aborted ? EXIT.interrupted : EXIT.difference;
        }
        break;
      case "exchange":
        await (await import("./src/commands/exchange.ts")).exchange(started);
    }
    return EXIT.done;
  } finally {
    for (const name of signals) Deno.removeSignalListener(name, stop);
  }
}

/** The exit code that an error ends the program with, after saying what it is. */
function fail(error: unknown): number {
  // The reader of standard output has gone, as `head` does: there is nobody left to tell.
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.done;
  const name = error instanceof Error ? error.name : "";
  const isFull = error instanceof Error && "code" in error && error.code === "ENOSPC";
  if (name === "ExchangeUnreachable") return complain(messageOf(error), EXIT.unreachable);
  if (name === "UnusableInput") {
    complain(`${messageOf(error)}${adviceOn(error)}`);
    const { others = [] } = error as { readonly others?: readonly unknown[] };
    for (const other of others) complain(messageOf(other));
    return EXIT.input;
  }
  if (name === "RecordingError" || name === "OtherRun" || name === "NotHalted" || name === "HaltedAlready") {
    return complain(messageOf(error), EXIT.usage);
  }
  if (["ResultFileError", "JournalError", "OutputStuck"].includes(name)) {
    return complain(messageOf(error), EXIT.failure);
  }
  if (name === "Unhealthy" || name === "Unwell") return complain(messageOf(error), EXIT.failure);
  if (name === "NetPermissionError") return complain(messageOf(error), EXIT.usage);
  if (error instanceof Deno.errors.NotCapable) return complain(deniedText(error), EXIT.usage);
  if (isFull) return complain(`the output cannot be written: ${messageOf(error)}`, EXIT.failure);
  if (name === "BooksError" || error instanceof Deno.errors.AddrInUse) {
    return complain(messageOf(error), EXIT.failure);
  }
  console.error("penstock: unexpected failure; please report it with what follows:");
  console.error(error);
  return EXIT.failure;
}

/** What to do about a bad line. A first line of no known layout, which has no column, is another matter. */
function adviceOn(error: unknown): string {
  const { place } = error as { readonly place?: { readonly column?: number } };
  return !skipsBad || place?.column === undefined
    ? ""
    : ". With --skip-bad such lines are counted and passed over";
}

/** What Deno denied, with what the person can do about it instead of Deno's own advice. */
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

/** Says on standard error what is wrong, and returns `code`. */
function complain(text: string, code: number = EXIT.usage): number {
  console.error(`penstock: ${printable(text)}`);
  return code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  // Errors of timers and of the exchange's own tasks have nobody else above them.
  addEventListener("error", (event) => {
    event.preventDefault();
    Deno.exit(fail(event.error));
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    Deno.exit(fail(event.reason));
  });
  let code: number;
  try {
    code = await main(Deno.args);
  } catch (error) {
    code = fail(error);
  }
  // A socket whose peer never finishes closing would otherwise keep the process alive.
  Deno.exit(code);
}
