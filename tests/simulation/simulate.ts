/** `deno task simulate --days 1000 [--seed N]`: simulates days from a seed on, each with its own seed. */
import { parseArgs } from "@std/cli/parse-args";
import { BadDay, type Day, simulateDay } from "./day.ts";

const SHOW_EVERY_MS = 10_000;
const DAYS = 100;

/** The most lines shown for a bad day. */
const SHOWN_CHARACTERS = 4_000;

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const number = Number(text ?? otherwise);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} is "${text}": expected a whole number`);
  Deno.exit(2);
}

/** The totals of many days. */
class Sums {
  days = 0;
  trades = 0;
  fills = 0;
  processes = 0;
  readonly #troubles = new Map<string, number>();

  add({ trades, fills, processes, troubles }: Day): void {
    this.days++;
    this.trades += trades;
    this.fills += fills;
    this.processes += processes;
    for (const [name, count] of Object.entries(troubles)) {
      this.#troubles.set(name, (this.#troubles.get(name) ?? 0) + count);
    }
  }

  toString(): string {
    const troubles = [...this.#troubles].sort(([one], [other]) => one < other ? -1 : 1)
      .map(([name, count]) => `${name} ${count}`).join(", ");
    return `${this.days} days: ${this.trades} trades, ${this.fills} fills, ${this.processes} processes\n${troubles}`;
  }
}

const given = parseArgs(Deno.args, { string: ["days", "seed"], boolean: ["full"] });
const days = wholeNumber("days", given.days, DAYS);
const from = wholeNumber("seed", given.seed, Math.floor(Math.random() * 2 ** 32));
console.log(`${days} days from seed ${from} on`);
const sums = new Sums();
const bad: number[] = [];
const startedAt = performance.now();
let shownAt = startedAt;
for (let seed = from; seed < from + days; seed++) {
  try {
    sums.add(await simulateDay(seed, given.full ? Infinity : undefined));
  } catch (error) {
    if (!(error instanceof BadDay)) throw error;
    bad.push(seed);
    console.error(given.full ? error.message : error.message.slice(0, SHOWN_CHARACTERS));
    console.error(`repeat it: deno task simulate --days 1 --seed ${seed} --full`);
  }
  if (performance.now() - shownAt < SHOW_EVERY_MS) continue;
  shownAt = performance.now();
  const secondsADay = (shownAt - startedAt) / 1_000 / (seed - from + 1);
  console.log(`${seed - from + 1} of ${days}, ${secondsADay.toFixed(2)} s a day, ${bad.length} bad`);
}
console.log(`${sums}`);
console.log(`${bad.length} bad days${bad.length === 0 ? "" : `: seeds ${bad.join(", ")}`}`);
Deno.exit(bad.length === 0 ? 0 : 1);
