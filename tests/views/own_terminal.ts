/** A terminal for one program, made by script(1). */
import { assertEquals } from "@std/assert";
import { within } from "../support/penstock.ts";

/** Whether there is a script(1) that makes a terminal, as in util-linux. */
export function hasScript(): boolean {
  try {
    const { stdout } = new Deno.Command("script", { args: ["--version"], stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}

/** What a command line writes to a terminal 100 columns wide. */
export async function onTerminal(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  await using terminal = new OwnTerminal(words, env);
  const { code, text } = await terminal.finished();
  assertEquals(code, 0);
  return text;
}

/** A terminal that runs a command line, by default 100 columns wide, and a user who reads and types. */
export class OwnTerminal implements AsyncDisposable {
  readonly #script: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #text = "";
  #wake: (() => void) | null = null;
  #isOver = false;

  constructor(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
    columns = 100,
    rows: number | null = null,
  ) {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    this.#script = new Deno.Command("script", {
      // Ctrl-C reaches the shell too. A shell that waits for the program, as dash does, would then exit with 130.
      args: [
        "-qefc",
        `stty cols ${columns}${rows === null ? "" : ` rows ${rows}`}; exec ${quoted}`,
        "/dev/null",
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      env: { SHELL: "/bin/sh", TERM: "xterm", NO_COLOR: "", ...env },
    }).spawn();
    this.#keyboard = this.#script.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Waits until the terminal shows `text`. */
  async shows(text: string | RegExp): Promise<void> {
    const look = async () => {
      while (typeof text === "string" ? !this.#text.includes(text) : !text.test(this.#text)) {
        if (this.#isOver) throw new Error(`it ended without "${text}": ${this.#text}`);
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    };
    await within(look(), `"${text}" on the terminal`);
  }

  /** All that has been shown so far. */
  get text(): string {
    return this.#text;
  }

  /** Makes it wider or narrower, as dragging its window does. */
  async resize(columns: number): Promise<void> {
    // The program is the child of script(1); its standard input is the terminal.
    const lines =
      `for p in $(cat /proc/$0/task/$0/children); do stty -F "$(readlink /proc/$p/fd/0)" cols $1; done`;
    const { success } = await new Deno.Command("sh", {
      args: ["-c", lines, `${this.#script.pid}`, `${columns}`],
    }).output();
    if (!success) throw new Error(`stty cannot resize the terminal of process ${this.#script.pid}`);
  }

  /** Sends a signal to the program, or to the shell that waits for it, and to what that started. */
  async signal(name: "SIGTERM"): Promise<void> {
    const lines = `for p in $(cat /proc/$0/task/$0/children); do kill -${name.slice(3)} -$p; done`;
    await new Deno.Command("sh", { args: ["-c", lines, `${this.#script.pid}`] }).output();
  }

  /** Presses keys, such as "\x03" for Ctrl-C. */
  async type(keys: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(keys));
  }

  /** Stops reading what is written to it, as a connection that hangs does. */
  stopReading(): void {
    this.#script.kill("SIGSTOP");
  }

  /** Reads again. */
  readOn(): void {
    this.#script.kill("SIGCONT");
  }

  /** Closes the terminal with whatever runs on it, as closing its window does. */
  hangUp(): void {
    this.#script.kill("SIGKILL");
  }

  /** Waits for the end. Returns the exit code of the command and all that was shown. */
  async finished(): Promise<{ readonly code: number; readonly text: string }> {
    const { code } = await within(this.#script.status, "the end of the program on the terminal", 40_000);
    await this.#reading;
    return { code, text: this.#text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.hangUp();
    } catch {
      // It has ended already.
    }
    await Promise.all([this.#script.status, this.#reading, this.#keyboard.close().catch(() => {})]);
  }

  async #read(): Promise<void> {
    for await (const some of this.#script.stdout.pipeThrough(new TextDecoderStream())) {
      this.#text = (this.#text + some).replaceAll("\r\n", "\n");
      this.#wake?.();
    }
    this.#isOver = true;
    this.#wake?.();
  }
}
