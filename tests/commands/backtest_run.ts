/** Support for tests of `penstock backtest`: run it, compare it with the reference, run several at a time. */
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { eventsOf, type Finished, type Input, Penstock, type PrintedEvent } from "../support/penstock.ts";
import { inProcess } from "../support/in_process.ts";
import { type Choices, computeReference, type PlainTrade, type Reference } from "../support/reference.ts";
import { assertBacktest } from "./event_contract.ts";
import { assertEquals } from "../support/equals.ts";

/** The event types that make up trading. */
const TRADED = ["gap", "signal", "refusal", "fill", "expired", "halt", "released"];
const AT_A_TIME = 3;

/** Runs `penstock backtest ARGS` to its end in this process, quietly unless ARGS set a log level. */
export async function backtest(args: readonly string[]): Promise<Finished> {
  return await inProcess("backtest", ...quiet(args));
}

/** Runs it in its own process, which may read everything and write to `writable`. */
export async function backtestAlone(
  args: readonly string[],
  { input, writable }: { readonly input?: Input; readonly writable?: string } = {},
): Promise<Finished> {
  await using program = startBacktest(args, input, writable);
  return await program.finished();
}

/** Starts it in its own process. */
export function startBacktest(args: readonly string[], input?: Input, writable?: string): Penstock {
  const flags = [
    "--no-prompt",
    "--allow-read",
    ...(writable === undefined ? [] : [`--allow-write=${writable}`]),
  ];
  return Penstock.start(["backtest", ...quiet(args)], flags, input);
}

function quiet(args: readonly string[]): string[] {
  return args.some((arg) => arg.startsWith("--log-level")) ? [...args] : ["--log-level=error", ...args];
}

/**
 * Runs it with `--json` to a successful end, in its own process if there is `input`; returns the events, which
 * follow the contract.
 */
export async function eventsFrom(args: readonly string[], input?: Input): Promise<PrintedEvent[]> {
  const all = ["--json", ...args];
  const { code, stdout, stderr } =
    await (input === undefined ? backtest(all) : backtestAlone(all, { input }));
  assertEquals([code, stderr], [0, ""]);
  const events = eventsOf(stdout);
  assertBacktest(events);
  return events;
}

/** The results of trading. */
export function traded(events: readonly PrintedEvent[]): PipelineEvent[] {
  return events.filter(({ type }) => TRADED.includes(type)) as unknown as PipelineEvent[];
}

/** Compares every event and the summary with the reference. */
export function assertSame(events: readonly PrintedEvent[], expected: Reference, what = ""): void {
  const found = traded(events);
  found.forEach((event, at) => assertEquals(event, expected.events[at], what));
  assertEquals(found.length, expected.events.length, what);
  const summary = events.at(-1)!;
  for (const [key, value] of Object.entries(expected.totals)) {
    assertEquals(summary[key], value, `${what} ${key}`);
  }
}

/** Runs it and compares it with the reference for `trades` under `choices`. */
export async function assertMatchesReference(
  args: readonly string[],
  trades: Iterable<PlainTrade>,
  choices: Choices,
): Promise<PrintedEvent[]> {
  const events = await eventsFrom(args);
  assertSame(events, computeReference(trades, choices), args.join(" "));
  return events;
}

/** Standard output without the two figures that differ between runs. */
export function steady(stdout: string): string {
  return stdout.replace(/"elapsedMs":\d+,"tradesPerSecond":\d+/, '"elapsedMs":0,"tradesPerSecond":0');
}

/** Does `work` for all of `items`, a few at a time; returns the results in order. */
export async function all<T, R>(
  items: readonly T[],
  work: (item: T, at: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of waiting) results[at] = await work(item, at);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}
