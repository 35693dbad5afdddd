/** One run of the program in the sandbox. */
import { sandboxArguments, type SandboxParts } from "./sandbox.ts";

const PATIENCE_MS = 30_000;

/** Its output and exit code. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running program. */
export class Sandboxed {
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<string>;
  readonly #errors: Promise<string>;
  #log = "";
  #stdout = "";
  #wake: (() => void)[] = [];

  /** Starts it with Penstock's `args`, through the command `before` if one is given. */
  static start(
    parts: SandboxParts,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    before: readonly string[] = [],
  ): Sandboxed {
    const [command, ...words] = [...before, "bwrap", ...sandboxArguments(parts, args, environment)];
    return new Sandboxed(
      new Deno.Command(command!, {
        args: words,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
  }

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#output = this.#read(process.stdout, (text) => this.#stdout = text);
    this.#errors = this.#read(process.stderr, (text) => this.#log = text);
  }

  /** Waits until it has printed `text` on either output; throws if it ends or hangs instead. */
  async waitFor(text: string): Promise<void> {
    const both = () => this.#stdout + this.#log;
    let isOver = false;
    this.#process.status.then(() => {
      isOver = true;
      this.#awaken();
    });
    const late = AbortSignal.timeout(PATIENCE_MS);
    late.addEventListener("abort", () => this.#awaken());
    while (!both().includes(text)) {
      if (isOver || late.aborted) throw new Error(`"${text}" was not printed; the output was:  ${both()}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** Asks the program to stop. */
  stop(): void {
    this.signal("SIGTERM");
  }

  /** Sends a signal to the program itself, because bubblewrap forwards none. */
  signal(name: Deno.Signal): void {
    const { pid } = this.#process;
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").map(Number);
    for (const child of children) Deno.kill(child, name);
  }

  /** Waits for it to end; kills it if it does not. */
  async ended(): Promise<Ended> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE_MS);
    const { code } = await this.#process.status;
    clearTimeout(timer);
    return { code, stdout: await this.#output, stderr: await this.#errors };
  }

  async #read(stream: ReadableStream<Uint8Array>, note: (text: string) => void): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of stream) {
      text += decoder.decode(bytes, { stream: true });
      note(text);
      this.#awaken();
    }
    return text.trimEnd();
  }

  #awaken(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
