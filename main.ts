/** Penstock: paper trading you can trust. Arguments to command, signals to an abort, errors to exit codes. */
import type { CommandName } from "./src/domain/command_name.ts";
import type { Configuration, GivenOptions } from "./src/domain/config.ts";
import meta from "./deno.json" with { type: "json" };
import { grantAdvice, missingIn } from "./src/domain/permission_advice.ts";
import { printable, writeUntil } from "./src/views/terminal.ts";

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

/** Aborted when the person, or a supervisor, asks for the end. */
const asked = new AbortController();

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
    return await complain(error.mistakes);
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

/** At SIGUSR1 the runtime opens its debugger within this many turns of the event loop, also of a busy one. */
const DEBUGGER_TURNS = 50;
let debuggerTurns = 0;

/**
 * Closes the runtime's debugger again. From half a second after the start the runtime answers SIGUSR1 with it, on
 * 127.0.0.1:9229, where every user of the machine can run code in this process; a listener cannot keep it from that.
 */
function closeDebugger(): void {
  // deno-lint-ignore no-process-global -- loading it here would take the time in which the debugger is open.
  const { _debugEnd } = process as unknown as { readonly _debugEnd?: () => void };
  const isClosing = debuggerTurns > 0;
  debuggerTurns = DEBUGGER_TURNS;
  if (isClosing) return;
  const close = (): void => {
    _debugEnd?.();
    if (--debuggerTurns > 0) setTimeout(close);
    else say("penstock: SIGUSR1 has no meaning here; the debugger that Deno opens at it is closed again\n");
  };
  close();
}

/** Commands that never wait, so that a listener would not have its turn: a signal ends them as it ends any program. */
const SYNCHRONOUS: readonly CommandName[] = ["config", "export", "status"];

/** Runs a command under this process's signals. */
async function execute(
  command: CommandName,
  configuration: Configuration,
  files: readonly string[],
): Promise<number> {
  const { obstacleTo } = await import("./src/feeds/permissions.ts");
  const obstacle = obstacleTo(command, configuration.config.port);
  if (obstacle !== null) return await complain([obstacle]);
  const ends = SYNCHRONOUS.includes(command)
    ? { signal: asked.signal, blocking: <T>(work: () => T) => work() }
    : (await import("./src/feeds/end_signals.ts")).endSignals(asked, EXIT.interrupted);
  if (!SYNCHRONOUS.includes(command) && Deno.build.os !== "windows") {
    Deno.addSignalListener("SIGUSR1", closeDebugger);
  }
  const started = { command, version, ...configuration, files, ...ends };
  skipsBad = command === "backtest";
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
        return ends.signal.aborted ? EXIT.interrupted : EXIT.difference;
      }
      break;
    case "exchange":
      await (await import("./src/commands/exchange.ts")).exchange(started);
  }
  return EXIT.done;
}

/** The exit code that an error ends the program with, after saying what it is. */
async function fail(error: unknown): Promise<number> {
  // The reader of standard output has gone, as `head` does: there is nobody left to tell.
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.done;
  // The person did not wait for the files that a command needs before it starts, such as a pipe without a writer.
  if (asked.signal.aborted && error === asked.signal.reason) {
    return await complain(["stopped before it started"], EXIT.interrupted);
  }
  const name = error instanceof Error ? error.name : "";
  const isFull = error instanceof Error && "code" in error && error.code === "ENOSPC";
  if (name === "ExchangeUnreachable") return await complain([messageOf(error)], EXIT.unreachable);
  if (name === "UnusableInput") {
    const { others = [] } = error as { readonly others?: readonly unknown[] };
    const messages = [`${messageOf(error)}${adviceOn(error)}`, ...others.map(messageOf)];
    return await complain(messages, EXIT.input);
  }
  if (
    name === "RecordingError" || name === "OtherRun" || name === "NotHalted" || name === "HaltedAlready" ||
    name === "RunIsOver"
  ) {
    return await complain([messageOf(error)], EXIT.usage);
  }
  // What a damaged journal holds is of no use to any command.
  if (name === "JournalError" && (error as { readonly damage?: unknown }).damage) {
    return await complain([messageOf(error)], EXIT.input);
  }
  if (["ResultFileError", "JournalError", "OutputStuck", "ReaderGone"].includes(name)) {
    return await complain([messageOf(error)], EXIT.failure);
  }
  if (name === "Unhealthy" || name === "Unwell") return await complain([messageOf(error)], EXIT.failure);
  if (name === "NetPermissionError") return await complain([messageOf(error)], EXIT.usage);
  if (error instanceof Deno.errors.NotCapable) return await complain([deniedText(error)], EXIT.usage);
  if (isFull) return await complain([`the output cannot be written: ${messageOf(error)}`], EXIT.failure);
  if (name === "BooksError" || error instanceof Deno.errors.AddrInUse) {
    return await complain([messageOf(error)], EXIT.failure);
  }
  await say(`penstock: unexpected failure; please report it with what follows:\n${Deno.inspect(error)}\n`);
  return EXIT.failure;
}

/** What to do about a bad line. A first line of no known layout, which has no column, is another matter. */
function adviceOn(error: unknown): string {
  const { place } = error as { readonly place?: { readonly column?: number } };
  return !skipsBad || place?.column === undefined
    ? ""
    : ". With --skip-bad such lines are counted and skipped";
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

/** Says on standard error what is wrong, one line each, and returns `code`. */
async function complain(messages: readonly string[], code: number = EXIT.usage): Promise<number> {
  await say(messages.map((text) => `penstock: ${printable(text)}\n`).join(""));
  return code;
}

/** How long a last message waits for a reader of standard error, by itself and once the end was asked for. */
const SAY_PATIENCE_MS = 2_000;
const SAY_GRACE_MS = 300;

/** Writes to standard error, where that is possible. */
async function say(text: string): Promise<void> {
  const patience = AbortSignal.any([asked.signal, AbortSignal.timeout(SAY_PATIENCE_MS)]);
  try {
    await writeUntil(patience, Deno.stderr, text, SAY_GRACE_MS);
  } catch {
    // Nobody reads it: the exit code has to say it.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  // Errors of timers and of the exchange's own tasks have nobody else above them.
  addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error).then(Deno.exit);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason).then(Deno.exit);
  });
  let code: number;
  try {
    code = await main(Deno.args);
  } catch (error) {
    code = await fail(error);
  }
  // A socket whose peer never finishes closing would otherwise keep the process alive.
  Deno.exit(code);
}
