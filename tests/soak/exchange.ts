/**
 * The built-in exchange as its own process, so that its memory and files can be measured apart from the soak's. It
 * prints its addresses as one line of JSON, injects each fault that it reads as a line of JSON from standard input, and
 * ends when its standard input ends.
 */
import { assert } from "@std/assert";
import type { FaultAction } from "../../src/simulator/faults.ts";
import { MARKET_SPEED, reproducibleExchange } from "../commands/reference_run.ts";
import { COLLECTING, FLAGS, V8_FLAGS } from "../support/penstock.ts";

/** Binance's own times, sped up like the market: a ping every 20 s, and the end a minute after an unanswered one. */
const TIMING = {
  pingEveryMs: 20_000 / MARKET_SPEED,
  pongWithinMs: 60_000 / MARKET_SPEED,
  shutdownNoticeMs: 200,
  halfOpenMs: 10_000,
};
/**
 * Covers a process that is away for forty seconds, even on a busy machine. A whole history would grow with the soak.
 */
const HISTORY = 60_000;

/** A running exchange. Leaving its scope ends it. */
export class SoakExchange implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly endpoint: string;
  readonly restEndpoint: string;

  /** Starts it, and waits until it listens. */
  static async start(): Promise<SoakExchange> {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", ...FLAGS, V8_FLAGS, ...COLLECTING, import.meta.filename!],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = process.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    assert(value !== undefined, "the exchange did not start");
    return new SoakExchange(process, JSON.parse(new TextDecoder().decode(value)));
  }

  private constructor(process: Deno.ChildProcess, addresses: { endpoint: string; restEndpoint: string }) {
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.endpoint = addresses.endpoint;
    this.restEndpoint = addresses.restEndpoint;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Injects a fault now. */
  async inject(fault: FaultAction): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(fault)}\n`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // If it has ended by itself, there is nothing left to close.
    await this.#input.close().catch(() => {});
    await this.#process.status;
  }
}

if (import.meta.main) {
  await using exchange = reproducibleExchange({ ...TIMING, historyLimit: HISTORY });
  const { endpoint, restEndpoint } = exchange;
  console.log(JSON.stringify({ endpoint, restEndpoint }));
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) exchange.inject(JSON.parse(line));
  }
}
