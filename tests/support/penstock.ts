/** Penstock as a user sees it: its own process, with its output read line by line. */

import { V8_FLAGS as BINARY_FLAGS } from "../../build/binary.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
/** The permissions that a program gets unless it is given others. */
export const FLAGS: readonly string[] = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read"];
/** As in the tasks and the compiled program: otherwise V8 would let its young generation grow to 64 MB. */
export const V8_FLAGS = `--v8-flags=${BINARY_FLAGS.join(",")}`;
/**
 * Flags under which a program takes the memory that the compiled one takes. V8 rejects code that was cached under other
 * flags and replaces it, so that every change between the two kinds of program would compile everything again.
 */
export const AS_BUILT: readonly string[] = [V8_FLAGS, "--no-code-cache"];
/** Makes a program's intervals fifty times as short, for tests that wait for them. */
export const QUICKLY = `--preload=${new URL("quick_intervals.ts", import.meta.url).pathname}`;
/** Makes a program wait much longer for answers, for tests of what it does with an answer that may be slow. */
export const PATIENTLY = `--preload=${new URL("patient_timeouts.ts", import.meta.url).pathname}`;
/** Makes a program collect its garbage all the time, for tests of the memory that it keeps. */
export const COLLECTING: readonly string[] = [
  "--v8-flags=--expose-gc",
  "--no-code-cache",
  `--preload=${new URL("collecting.ts", import.meta.url).pathname}`,
];
/** Even on the slowest machine, only what never happens takes this long. */
const PATIENCE_MS = 120_000;

/** One event of `--json`, its fields not checked yet. */
export type PrintedEvent = Record<string, unknown> & { readonly type: string };

/** The standard input of a process; a stream may have no end. */
export type Input = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;

/** The exit code and the output of a process. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process, as far as tests use it; `startHere` makes something that only looks like one. */
export interface Program {
  readonly pid: number;
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stdin?: WritableStream<Uint8Array<ArrayBufferLike>>;
  readonly status: Promise<{ readonly code: number }>;
  kill(signal: Deno.Signal): void;
}

/** The arguments after Deno's own name that run Penstock under `flags`. */
export function commandLine(args: readonly string[], flags: readonly string[] = FLAGS): string[] {
  return ["run", ...flags, MAIN, ...args];
}

/** Runs one command line to its end. */
export async function penstock(...args: string[]): Promise<Finished> {
  await using program = Penstock.start(args);
  return await program.finished();
}

/** The value of `promise`; throws an Error that names `what` if it takes longer than `ms`. */
export async function within<T>(promise: Promise<T>, what: string, ms = PATIENCE_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} did not come within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The lines of a stream, read as they come, whether or not anyone waits for them. */
class Lines {
  readonly all: string[] = [];
  readonly done: Promise<void>;
  readonly #closing = new AbortController();
  #taken = 0;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.done = this.#pump(stream);
  }

  /** The next line that has not been taken; null at the end. */
  async next(): Promise<string | null> {
    while (this.#taken === this.all.length) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.all[this.#taken++]!;
  }

  /** Takes all lines so far. */
  passOver(): void {
    this.#taken = this.all.length;
  }

  /** Stops reading, so that the writer finds nobody at the other end. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.done;
  }

  async #pump(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    this.#closing.signal.addEventListener("abort", () => void reader.cancel());
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop()!;
      this.all.push(...lines);
      this.#wake?.();
    }
    if (rest !== "") this.all.push(rest);
    this.#ended = true;
    this.#wake?.();
  }
}

/** A running Penstock. Leaving its scope kills it if it has not ended. */
export class Penstock implements AsyncDisposable {
  readonly #process: Program;
  readonly #stdout: Lines;
  readonly #stderr: Lines;
  readonly #inputEnding = new AbortController();
  /** Resolves once nothing more is written to its standard input. */
  readonly #fed: Promise<void>;

  /**
   * Starts `penstock ARGS` under `flags` of Deno; by default it may reach 127.0.0.1 and read files. There is
   * nothing on its standard input unless `input` is given.
   */
  static start(args: readonly string[], flags?: readonly string[], input?: Input): Penstock {
    return Penstock.spawn([Deno.execPath(), ...commandLine(args, flags)], input);
  }

  /** Starts it with a whole command line, which may start another program that then starts Penstock. */
  static spawn([program, ...args]: readonly string[], input?: Input): Penstock {
    const process = new Deno.Command(program!, {
      args,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Penstock(process, input);
  }

  /** Reads the output of one that runs, to which `input` is fed. */
  constructor(process: Program, input?: Input) {
    this.#process = process;
    this.#fed = input === undefined ? Promise.resolve() : this.#feed(input);
    this.#stdout = new Lines(process.stdout);
    this.#stderr = new Lines(process.stderr);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The next event on standard output that has this type and passes `matches`; those before it are skipped. */
  async event(type: string, matches: (event: PrintedEvent) => boolean = () => true): Promise<PrintedEvent> {
    const find = async () => {
      for (;;) {
        const line = await this.#stdout.next();
        if (line === null) {
          throw new Error(`it ended without "${type}"; it said: ${this.#stderr.all.join("\n")}`);
        }
        const event: PrintedEvent = JSON.parse(line);
        if (event.type === type && matches(event)) return event;
      }
    };
    return await within(find(), `the event "${type}"`);
  }

  /** Reads events from standard output until those read so far are enough. */
  async until(areEnough: (events: readonly PrintedEvent[]) => boolean): Promise<void> {
    const read: PrintedEvent[] = [];
    while (!areEnough(read)) {
      const line = await within(this.#stdout.next(), "the next event");
      if (line === null) throw new Error(`it ended too early; it said: ${this.#stderr.all.join("\n")}`);
      read.push(JSON.parse(line));
    }
  }

  /** Skips all events on standard output so far, so that the next one is new. */
  passOver(): void {
    this.#stdout.passOver();
  }

  /** The next line of the log that contains `text`. */
  async logged(text: string): Promise<string> {
    const find = async () => {
      for (;;) {
        const line = await this.#stderr.next();
        if (line === null) throw new Error(`it ended without logging "${text}"`);
        if (line.includes(text)) return line;
      }
    };
    return await within(find(), `the log line "${text}"`);
  }

  signal(name: Deno.Signal): void {
    this.#process.kill(name);
  }

  /** Stops reading its standard output, as `head` does. */
  async closeOutput(): Promise<void> {
    await this.#stdout.close();
  }

  /** Waits for the end. */
  async finished(): Promise<Finished> {
    const { code } = await within(this.#process.status, "the end of the program");
    this.#inputEnding.abort();
    await Promise.all([this.#stdout.done, this.#stderr.done, this.#fed]);
    return { code, stdout: this.#stdout.all.join("\n"), stderr: this.#stderr.all.join("\n") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already, as it should.
    }
    this.#inputEnding.abort();
    await Promise.all([this.#process.status, this.#stdout.done, this.#stderr.done, this.#fed]);
  }

  async #feed(input: Input): Promise<void> {
    const stream = input instanceof ReadableStream ? input : new Blob([input]).stream();
    try {
      await stream.pipeTo(this.#process.stdin!, { signal: this.#inputEnding.signal });
    } catch {
      // It ended, or closed its standard input, before it had read everything.
    }
  }
}

/** The events on a standard output that holds nothing else. */
export function eventsOf(stdout: string): PrintedEvent[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/**
 * An address on loopback where nobody listens. A port that was free a moment ago could be another program's by now, but
 * nobody is given one below 1024, and this one belongs to no service.
 */
export const DEAD_ENDPOINT = "ws://127.0.0.1:4";
