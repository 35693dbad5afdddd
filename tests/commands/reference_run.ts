/** Runs that keep a journal, and checks that must hold for the journal however often they were killed. */
import { assert, assertMatch } from "@std/assert";
import { priceProcess } from "../../src/simulator/price_process.ts";
import { BuiltInExchange, type ExchangeOptions } from "../../src/simulator/server.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import type { Entry } from "../../src/stores/journal/journal_entry.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { FLAGS, Penstock, penstock, type PrintedEvent } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { stateOf } from "../stores/sample_journal.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { assertEquals } from "../support/equals.ts";

/** The start of the made-up market's time, ms since 1970. */
const START_TIME = 1_723_161_255_342;
const PROCESS = { seed: 11, rate: 100, firstId: 1, startTime: START_TIME };
/** Market time per real time: a fill every hundred trades or so, and about one page of trades missed during a start. */
export const MARKET_SPEED = 15;

/** Events that the journal keeps as entries with the same name and content. */
const KEPT = ["connected", "disconnected", "gap", "signal", "refusal", "fill", "expired", "halt"];

/** An exchange whose trades can be made again from their seed. */
export function reproducibleExchange(options: ExchangeOptions = {}): BuiltInExchange {
  return BuiltInExchange.listen({ ...PROCESS, speed: MARKET_SPEED, historyLimit: 2_000_000, ...options });
}

/** The REST and stream addresses of an exchange. */
type Addresses = Pick<BuiltInExchange, "endpoint" | "restEndpoint">;

/** Starts `penstock run` against `exchange` with its journal at `path`, in the test's process. */
export function startRun(exchange: Addresses, path: string, ...args: string[]): Penstock {
  return startHere(commandFor(exchange, path, args));
}

/** The same in its own process under these flags of Deno, which may write to that folder. */
export function startRunUnder(
  flags: readonly string[],
  exchange: Addresses,
  path: string,
  ...args: string[]
): Penstock {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return Penstock.start(commandFor(exchange, path, args), [...FLAGS, ...flags, `--allow-write=${folder}`]);
}

function commandFor(exchange: Addresses, path: string, args: readonly string[]): string[] {
  // A slow machine may take long to backfill, and the reference does not know which trades waited.
  const hold = args.some((arg) => arg.startsWith("--max-hold")) ? [] : ["--max-hold=1h"];
  return [
    ...["run", "--json", "--log-level=warn", "--state", path, ...hold],
    ...["--endpoint", exchange.endpoint, "--rest-endpoint", exchange.restEndpoint, ...args],
  ];
}

/**
 * A program's output without the warning that the exchange's rules did not arrive in time. A slow machine may take
 * longer than a run waits for them, and the built-in rules are the same.
 */
export function besidesRules(stderr: string): string {
  return stderr.split("\n").filter((line) => !line.includes("could not be queried for the rules")).join("\n");
}

/** The entries of a journal, after a check that its chain and tables are intact. */
export async function wholeEntries(path: string): Promise<Entry[]> {
  await using reader = await JournalReader.open(path);
  const chain = await reader.verifyChain();
  assert(chain.isWhole, chain.isWhole ? "" : chain.what);
  return await Array.fromAsync(reader.entries());
}

/**
 * Checks that the journal has everything that successive processes printed, unchanged, in that order, and before
 * anything else that each process wrote.
 */
export function assertKept(entries: readonly Entry[], printed: readonly (readonly PrintedEvent[])[]): void {
  const written: Entry[][] = [];
  for (const entry of entries) {
    if (entry.type === "started" || entry.type === "resumed") written.push([]);
    else if (KEPT.includes(entry.type)) written.at(-1)!.push(entry);
  }
  // A process killed before it opened the journal left nothing there and printed nothing.
  const speaking = printed.filter((events) => events.length > 0);
  let at = 0;
  for (const events of speaking) {
    const kept = events.filter(({ type }) => KEPT.includes(type));
    const matches = (entries: readonly Entry[]) =>
      kept.every(({ type, time: _time, ...content }, index) => {
        const entry = entries[index];
        return entry?.type === type &&
          JSON.stringify(contentOf(entry)) === JSON.stringify(withoutHint(content));
      });
    while (at < written.length && !matches(written[at]!)) at++;
    assert(at < written.length, `a printed event is not in the journal: ${JSON.stringify(kept)}`);
    at++;
  }
}

/** A hint is advice to the user, not what happened. */
function withoutHint({ hint: _hint, ...content }: Record<string, unknown>): Record<string, unknown> {
  return content;
}

function contentOf({ content }: Entry): Record<string, unknown> {
  return { ...content };
}

/**
 * Compares the journal of one run, all of whose gaps were filled, with a reference over the market's trades, which are
 * generated again: every decision, and the prices in the averages after the last checkpoint.
 */
export async function assertRunMatchesReference(
  path: string,
  choices: Choices = DEFAULTS,
): Promise<{ readonly fills: number; readonly trades: number }> {
  const entries = await wholeEntries(path);
  const last = await stateOf(path) as { readonly trades: number; readonly last: { readonly id: number } };
  const firstId = last.last.id - last.trades + 1;
  const late = entries.filter(({ type }) => type === "gap").map(({ content }) => {
    const { fromId, missing, filled } = content as Record<string, number>;
    assertEquals(filled, missing);
    return { from: fromId!, to: fromId! + filled! - 1 };
  });
  const lastCloses: number[] = [];
  function* tradesAgain(): Generator<PlainTrade> {
    let gap = 0;
    for (
      const { id, price, time } of priceProcess(PROCESS).drop(firstId - PROCESS.firstId).take(last.trades)
    ) {
      while (gap < late.length && late[gap]!.to < id) gap++;
      const isBackfilled = gap < late.length && late[gap]!.from <= id;
      if (lastCloses.push(Number(price)) > choices.long) lastCloses.shift();
      yield { firstId: id, lastId: id, time: time * 1000, price, late: isBackfilled };
    }
  }
  const decided = ["signal", "refusal", "fill"];
  const expected = computeReference(tradesAgain(), choices).events
    .filter(({ type }) => decided.includes(type))
    .map(({ time: _time, ...event }) => event);
  const found = entries.filter(({ type }) => decided.includes(type))
    .map(({ type, content }) => ({ type, ...content }));
  assertEquals(found as unknown[], expected);

  await using journal = await Journal.open(path, { now: () => 0, remembers: choices.long, verify: true });
  const { decimals, values } = await journal.lastCloses();
  assertEquals(values.map((value) => value / 10 ** decimals), lastCloses);
  return { fills: found.filter(({ type }) => type === "fill").length, trades: last.trades };
}

/** Checks that the run in a journal follows from the recordings in its folder, `0.txt` and so on, as far as they go. */
export async function assertVerifies(path: string, recordings: number): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const made = Array.from({ length: recordings }, (_, number) => `${folder}/${number}.txt`).filter(isThere);
  const { code, stdout, stderr } = await penstock("verify", "--log-level=error", path, ...made);
  assertEquals([code, stderr], [0, ""], stdout);
  assertMatch(stdout, /^Verified in /);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch {
    return false;
  }
}
