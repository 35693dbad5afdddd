/**
 * The built-in exchange as its own process, for tests of a program that gives its reader limited time. An exchange
 * in the test's process sends without a pause, and takes that time from the test, which is the reader.
 */
import { Penstock, type PrintedEvent } from "./penstock.ts";

/** A running `penstock exchange`. Leaving its scope kills it. */
export class ExchangeProcess implements AsyncDisposable {
  readonly endpoint: string;
  readonly #program: Penstock;

  /** Starts one with these options on a free port, and waits until it listens. */
  static async start(...options: readonly string[]): Promise<ExchangeProcess> {
    const program = Penstock.start(["exchange", "--port=0", "--json", "--log-level=error", ...options]);
    try {
      const { endpoint } = await program.event("listening");
      return new ExchangeProcess(program, String(endpoint));
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(program: Penstock, endpoint: string) {
    this.#program = program;
    this.endpoint = endpoint;
  }

  /** Waits for its next event of this type. */
  event(type: string): Promise<PrintedEvent> {
    return this.#program.event(type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
