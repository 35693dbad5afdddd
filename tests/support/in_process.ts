/** Penstock in the process of its test: what a command line prints, without the cost of its own process. */
import { penstock } from "../../main.ts";
import type { Finished } from "./penstock.ts";

type Output = typeof Deno.stdout | typeof Deno.stderr;

/** What a command line printed, standard output also as the bytes that it is. */
export interface Printed extends Finished {
  readonly bytes: Uint8Array;
}

/** Commands that leave this process without the permissions of the tests, unless their command line is refused. */
const DROPPING = ["run", "demo"];

/** The last run. The next one waits for it, as all share one standard output. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs one command line to its end, under the permissions of the test. It must be a command that ends by itself,
 * reads no standard input and drops no permissions. A test of signals, permissions, terminals or pipes needs
 * `Penstock.start()`.
 */
export function inProcess(...args: readonly string[]): Promise<Printed> {
  const run = last.then(() => captured(args));
  last = run.catch(() => {});
  return run;
}

async function captured(args: readonly string[]): Promise<Printed> {
  using stdout = new Capture(Deno.stdout);
  using stderr = new Capture(Deno.stderr);
  using _log = redirected("log", stdout);
  using _error = redirected("error", stderr);
  const { signal } = new AbortController();
  const code = await penstock(args, () => {
    if (DROPPING.includes(args[0]!)) throw new Error(`"${args[0]}" drops permissions: use Penstock.start()`);
    return Promise.resolve({ signal, blocking: (work) => work() });
  });
  return { code, stdout: stdout.text, stderr: stderr.text, bytes: stdout.bytes };
}

/** Takes what is written to a stream, which says meanwhile that it is no terminal. */
class Capture implements Disposable {
  readonly #stream: Output;
  readonly #chunks: Uint8Array[] = [];

  constructor(stream: Output) {
    this.#stream = stream;
    const take = (bytes: Uint8Array): number => {
      this.#chunks.push(bytes.slice());
      return bytes.length;
    };
    const own = {
      write: (bytes: Uint8Array) => Promise.resolve(take(bytes)),
      writeSync: take,
      isTerminal: () => false,
    };
    for (const [name, value] of Object.entries(own)) {
      Object.defineProperty(stream, name, { value, configurable: true });
    }
  }

  /** Takes a line of the console. */
  line(text: string): void {
    this.#chunks.push(new TextEncoder().encode(`${text}\n`));
  }

  /** All that was written, without a line end after the last line. */
  get text(): string {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return (text + decoder.decode()).replace(/\n$/, "");
  }

  get bytes(): Uint8Array {
    return Uint8Array.fromHex(this.#chunks.map((chunk) => chunk.toHex()).join(""));
  }

  [Symbol.dispose](): void {
    for (const name of ["write", "writeSync", "isTerminal"]) Reflect.deleteProperty(this.#stream, name);
  }
}

/** Has a method of the console write to a capture. */
function redirected(method: "log" | "error", capture: Capture): Disposable {
  const before = console[method];
  console[method] = (text: string) => capture.line(text);
  return { [Symbol.dispose]: () => void (console[method] = before) };
}
