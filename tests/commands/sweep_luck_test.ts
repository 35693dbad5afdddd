/** What `penstock sweep` says about luck: on random walks, and of a strategy that knows its in-sample trades. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Random } from "../../src/simulator/random.ts";
import { commandLine } from "../support/penstock.ts";
import { sweepHere } from "../support/swept.ts";
import { TRIES_FILE } from "../../src/stores/tries/tries_file.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2025, 0, 1);
const TRADES_AN_HOUR = 4;

/** What is said of the best configuration. */
interface Said {
  readonly verdict: string;
  readonly tried: number;
  readonly probabilityOfOverfitting: string | null;
  readonly sentences: readonly string[];
  readonly best: Readonly<Record<string, unknown>>;
}

interface Row {
  readonly options: Readonly<Record<string, unknown>>;
  readonly sharpe: string;
  readonly test: { readonly netProfit: string } | null;
}

/** The prices of a random walk of so many days. */
function walk(seed: number, days: number): number[] {
  const random = new Random(seed);
  let price = 60_000;
  return Array.from({ length: days * 24 * TRADES_AN_HOUR }, () => price *= Math.exp(0.002 * random.normal()));
}

function csvOf(prices: readonly number[]): string {
  const every = HOUR_MS / TRADES_AN_HOUR;
  const rows = prices.map((price, at) => `${at + 1},${price.toFixed(2)},0.01,${START_MS + at * every},false`);
  return ["id,price,qty,time,is_buyer_maker", ...rows, ""].join("\n");
}

/** Calls `use` with a new folder that has the walk in `walk.csv`. */
async function withWalk(prices: readonly number[], use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "penstock-luck-" });
  try {
    await Deno.writeTextFile(`${folder}/walk.csv`, csvOf(prices));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ALWAYS = ["--bars=1h", "--fee=0", "--max-drawdown=100%"];

/** What a sweep of the walk says, and its rows. Tries are counted where a process in the folder counts them. */
async function sweep(
  folder: string,
  ...args: readonly string[]
): Promise<{ readonly said: Said; readonly rows: Row[] }> {
  const words = [`${folder}/walk.csv`, "--workers=1", ...ALWAYS, ...args];
  const { events } = await sweepHere(words, `${folder}/${TRIES_FILE}`);
  const rows = events.filter(({ type }) => type === "configuration") as unknown as Row[];
  return { said: events.at(-1) as unknown as Said, rows };
}

Deno.test("a sweep does not call the best of 40 crossovers good on any of three random walks", async () => {
  for (let seed = 1; seed <= 3; seed++) {
    await withWalk(walk(seed, 30), async (folder) => {
      const { said } = await sweep(folder, "--short=2,5,10,15", "--long=20,30,40,60,80,100,120,150,200,250");
      assert(
        ["luck", "loss", "doubtful"].includes(said.verdict),
        `seed ${seed}: ${said.sentences.join(" ")}`,
      );
      assertEquals(said.tried, 40);
      assert(said.probabilityOfOverfitting !== null);
    });
  }
});

Deno.test("a strategy that knows its in-sample trades is exposed by its results on the others", async () => {
  const prices = walk(1, 30);
  const priceAt = (hour: number) => prices[hour * TRADES_AN_HOUR]!;
  const known = Array.from({ length: 0.7 * 30 * 24 - 1 }, (_, hour) => hour)
    .filter((hour) => priceAt(hour + 1) > priceAt(hour)).map((hour) => START_MS + hour * HOUR_MS);
  await withWalk(prices, async (folder) => {
    const path = `${folder}/ahead.ts`;
    await Deno.writeTextFile(
      path,
      `import { defineStrategy } from "@penstock/penstock/strategy";
const RISING = ${JSON.stringify(known)};
export default defineStrategy({
  start: () => ({}),
  onBar: ({ closeTime }) => RISING.includes(Math.ceil(closeTime / ${HOUR_MS}) * ${HOUR_MS}) ? "long" : "flat",
});
`,
    );
    const { said, rows } = await sweep(
      folder,
      ...[`--strategy=${path}`, "--stake=1000,5000", "--stop-loss=1%,5%", "--test=30%"],
    );
    for (const { sharpe, test } of rows) {
      assert(Number(sharpe) > 10, `a Sharpe ratio of ${sharpe}`);
      assertEquals(test?.netProfit, "0");
    }
    assertEquals(said.verdict, "luck");
    assert(
      said.sentences.some((sentence) => sentence.includes("earned 0 % as much on the held-out trades")),
      said.sentences.join(" "),
    );
  });
});

Deno.test("a sweep counts earlier tries on the same trades, and --forget-tries says what it forgets", async () => {
  await withWalk(walk(2, 3), async (folder) => {
    assertEquals((await sweep(folder, "--short=2,5", "--long=20,30")).said.tried, 4);
    // The same trades in another file; one of the two was tried before.
    await Deno.writeTextFile(
      `${folder}/walk.csv`,
      csvOf(walk(2, 3)).replaceAll(",0.01,", ",0.010,"),
    );
    assertEquals((await sweep(folder, "--short=5", "--long=30,40")).said.tried, 5);
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: commandLine(
        ["sweep", "walk.csv", ...ALWAYS, "--long=20,30", "--short=3", "--forget-tries"],
        ["--no-prompt", "--allow-read", "--allow-write"],
      ),
      cwd: folder,
    }).output();
    assertMatch(
      new TextDecoder().decode(stderr),
      /INFO {2}forgot 5 configurations tried on these trades before: /,
    );
    assertEquals((await sweep(folder, "--short=3", "--long=20,30")).said.tried, 2);
  });
});
