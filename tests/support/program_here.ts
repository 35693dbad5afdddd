/**
 * `penstock run` or `penstock demo` in the process of its test, with the face of a process: its output line by line, its
 * end, and signals that ask for it. It costs a fraction of its own process.
 */
import { demo } from "../../src/commands/demo.ts";
import { run } from "../../src/commands/run.ts";
import type { Started } from "../../src/config/command.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { configure } from "../../src/config/config.ts";
import { EXIT, exitOf } from "../../src/domain/process/exit.ts";
import type { Runtime } from "../../src/feeds/live/runtime.ts";
import { printable } from "../../src/views/terminal/terminal.ts";
import meta from "../../deno.json" with { type: "json" };
import { type Finished, Penstock } from "./penstock.ts";

/** How the time of a run here differs from that of others. */
export interface OwnTime {
  /** How often its periodic work is done for each time that it would be. */
  readonly times?: number;
  /** Whether it waits much longer for answers, of a test that may get no turn for some seconds. */
  readonly isPatient?: boolean;
}

/** By how much, and which waits: those for answers. */
const PATIENCE = 60;
const PATIENT_FROM_MS = 1_000;
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Starts `penstock ARGS`, a run or a demo. It keeps all permissions of the test, does not watch its memory, which is the
 * test's, and treats every signal as a request to end: a test that kills needs `Penstock.start()`.
 */
export function startHere(args: readonly string[], time: OwnTime = {}): Penstock {
  const [stdout, stderr] = [new Output(), new Output()];
  const asked = new AbortController();
  const left = new Left();
  const { command, given, mistakes } = readArguments(args);
  if (command !== "run" && command !== "demo") throw new Error(`"${args[0]}" is neither a run nor a demo`);
  const started: Started = {
    ...{ command, version: meta.version, files: [], ...configure(given, mistakes, command) },
    signal: asked.signal,
    blocking: (work) => work(),
  };
  const runHere = (started: Started) =>
    during(stdout, stderr, () =>
      run(started, {
        runtime: runtimeOf(left, time),
        watchesMemory: false,
        device: () => null,
        dropPermissions: () =>
          Promise.resolve({ level: "info", text: "permissions kept: those of the test" }),
      }));
  const startPage = () => Promise.reject(new Error("a demo with its page needs its own process"));
  const hidden = hideEnvironment();
  const ended = command === "run" ? runHere(started) : demo(started, { run: runHere, startPage });
  const status = (async () => {
    const code = await ended.then(() => EXIT.done, (error) => {
      const exit = exitOf(error);
      const { message, advice = "" } = error;
      const text = exit === null
        ? Deno.inspect(error)
        : printable(advice === "" ? message : `${message}. ${advice}`);
      stderr.writeSync(new TextEncoder().encode(`penstock: ${text}\n`));
      return EXIT[exit ?? "failure"];
    });
    hidden[Symbol.dispose]();
    await left.end();
    stdout.end();
    stderr.end();
    return { code };
  })();
  return new Penstock({
    ...{ pid: Deno.pid, status, stdout: stdout.stream, stderr: stderr.stream },
    kill: () => asked.abort(),
  });
}

/** Runs `penstock ARGS`, a run or a demo that ends by itself, and returns its output. */
export async function finishHere(...args: readonly string[]): Promise<Finished> {
  await using program = startHere(args);
  return await program.finished();
}

/** Calls `start`, which finds these outputs in place of the process's own until it first waits. */
function during<T>(stdout: Output, stderr: Output, start: () => T): T {
  const own = { stdout: Deno.stdout, stderr: Deno.stderr };
  Object.assign(Deno, { stdout, stderr });
  try {
    return start();
  } finally {
    Object.assign(Deno, own);
  }
}

let hiding = 0;

/** Hides this machine's environment, which programs would otherwise warn of; programs of tests may not read it. */
function hideEnvironment(): Disposable {
  if (hiding++ === 0) {
    const { permissions } = Deno;
    const query = Deno.Permissions.prototype.querySync;
    permissions.querySync = (wanted) =>
      wanted.name === "env" ? { state: "denied" } as Deno.PermissionStatus : query.call(permissions, wanted);
  }
  return {
    [Symbol.dispose]: () => void (--hiding === 0 && Reflect.deleteProperty(Deno.permissions, "querySync")),
  };
}

/** What a program leaves to the end of its process, such as the stream of a run that could not start. */
class Left {
  readonly #sockets: Promise<unknown>[] = [];
  readonly #timers: (ReturnType<typeof setTimeout>)[] = [];

  socket({ closed }: WebSocketStream): void {
    this.#sockets.push(closed);
  }

  timer<T extends ReturnType<typeof setTimeout>>(timer: T): T {
    this.#timers.push(timer);
    return timer;
  }

  /** Clears its timers, and waits until its sockets are closed. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#sockets);
    // The runtime starts its own timer after every close, which is due at once.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** This process's runtime, which notes what is left. */
function runtimeOf(left: Left, { times = 1, isPatient = false }: OwnTime): Runtime {
  const { Date, Math, performance, clearTimeout, clearInterval, setTimeout, setInterval } = globalThis;
  return {
    ...{ Date, Math, performance, clearTimeout, clearInterval, fetch, setImmediate },
    setTimeout: ((action: () => void, ms = 0) => {
      const isLong = isPatient && ms >= PATIENT_FROM_MS;
      return left.timer(setTimeout(action, isLong ? Math.min(PATIENCE * ms, LONGEST_MS) : ms));
    }) as typeof setTimeout,
    setInterval: ((action: () => void, ms = 0) => setInterval(action, ms / times)) as typeof setInterval,
    WebSocketStream: class extends WebSocketStream {
      constructor(...args: ConstructorParameters<typeof WebSocketStream>) {
        super(...args);
        left.socket(this);
      }
    },
  };
}

/** A standard output or standard error that is no terminal, and the stream of what is written to it. */
class Output {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #into!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

  constructor() {
    this.stream = new ReadableStream({ start: (into) => void (this.#into = into) });
  }

  isTerminal(): boolean {
    return false;
  }

  writeSync(bytes: Uint8Array): number {
    this.#into.enqueue(bytes.slice());
    return bytes.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(this.writeSync(bytes));
  }

  end(): void {
    this.#into.close();
  }
}
