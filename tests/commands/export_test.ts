/** `penstock export` from outside, on journals that real runs write. */
import { assert, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { Money, plain, ZERO } from "../../src/domain/numbers/money.ts";
import { isoTime } from "../../src/domain/numbers/time.ts";
import { COLUMNS } from "../../src/views/tables/export_tables.ts";
import { exactRows } from "../views/tables/parquet_reading.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, FLAGS, Penstock, within } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import {
  chainResultOf,
  inFolder,
  openJournal,
  rehash,
  tamper,
  TIME,
  writeSample,
} from "../stores/sample_journal.ts";
import { withExchange } from "./journal_run.ts";
import { assertEquals } from "../support/equals.ts";

/** A journal with two runs, and what each printed. */
interface TwoRuns {
  readonly journal: Uint8Array;
  readonly printed: readonly string[];
}

let made: Promise<TwoRuns> | null = null;

async function makeTwoRuns(): Promise<TwoRuns> {
  const printed: string[] = [];
  let journal = new Uint8Array();
  await withExchange({ speed: Infinity }, async (place) => {
    for (const args of [["--stop-after=1500"], ["--stop-after=1000", "--new-run"]]) {
      await using program = place.run("--short=3", "--long=9", "--slippage=2", ...args);
      const { code, stdout } = await program.finished();
      assertEquals(code, 0);
      printed.push(stdout);
    }
    assertEquals([...Deno.readDirSync(place.folder)].map(({ name }) => name), ["penstock.db"]);
    journal = await Deno.readFile(place.journal);
  });
  return { journal, printed };
}

/** Calls `use` with a copy of a journal of two runs, and what each printed. */
async function withTwoRuns(
  use: (journal: string, printed: readonly string[]) => Promise<void>,
): Promise<void> {
  const { journal, printed } = await (made ??= makeTwoRuns());
  await inFolder(async (folder) => {
    const path = `${folder}/penstock.db`;
    await Deno.writeFile(path, journal);
    await use(path, printed);
  });
}

async function positionsOf(path: string, run: number) {
  await using reader = await JournalReader.open(path);
  return await reader.positions(run);
}

/** The lines with the fills that a run printed. */
const fillsIn = (stdout: string) => stdout.split("\n").filter((line) => line.startsWith(`{"type":"fill"`));

/** The rows of CSV without quotes, by column. */
function rowsOf(csv: string): Record<string, string>[] {
  assert(csv.endsWith("\r"), "the last line ends too");
  const [head, ...lines] = csv.split("\r\n").map((line) => line.replace(/\r$/, "").split(","));
  return lines.map((cells) => Object.fromEntries(head!.map((name, at) => [name, cells[at]!])));
}

/** The columns of all tables that hold amounts. */
const AMOUNTS = Object.values(COLUMNS).flatMap((columns) =>
  Object.entries(columns).filter(([, kind]) => kind === "amount").map(([name]) => name)
);

/** A day's trades that go up and down, one a minute. */
function csvTrades(): string {
  return Array.from({ length: 600 }, (_, i) => {
    const price = (60_000 + 500 * Math.sin(i / 7) + 200 * Math.sin(i / 31)).toFixed(2);
    return `${i + 1},${price},0.5,${price},${1_735_689_600_000 + 60_000 * i},false,true\n`;
  }).join("");
}

const sum = (rows: readonly Record<string, string>[], column: string) =>
  plain(rows.reduce((total, row) => total.plus(row[column]!), ZERO));

Deno.test("penstock export gives the fills that a run printed, byte for byte in JSON and cell by cell in CSV", async () => {
  await withTwoRuns(async (journal, [first, second]) => {
    const exported = async (...args: string[]) => {
      const { code, stdout, stderr } = await inProcess("export", journal, ...args);
      assertEquals([code, stderr], [0, ""]);
      return stdout;
    };
    assertGreater(fillsIn(first!).length, 20);
    assertEquals(await exported("--format=json"), fillsIn(second!).join("\n"));
    assertEquals(await exported("--format=json", "--run=1"), fillsIn(first!).join("\n"));
    assertEquals(
      await exported("--format=json", "--run=all"),
      [...fillsIn(first!), ...fillsIn(second!)].join("\n"),
    );
    const rows = rowsOf(await exported("--run=all"));
    assertEquals(
      rows.map(({ run: _, notional: __, ...row }) => row),
      [first!, second!].flatMap((stdout) =>
        fillsIn(stdout).map((line) => {
          const { type: _, realized = "", ...fill } = JSON.parse(line);
          return { ...fill, realized, tradeId: `${fill.tradeId}`, signalTradeId: `${fill.signalTradeId}` };
        })
      ),
    );
    for (const { price, quantity, notional } of rows) {
      assertEquals(plain(new Money(price!).times(quantity!)), notional);
    }
    const runs = new Set(rowsOf(await exported()).map(({ run }) => run));
    assertEquals([...runs], ["2"]);
  });
});

Deno.test("penstock export --closed adds up to what the journal realized, in every run", async () => {
  await withTwoRuns(async (journal, printed) => {
    const { code, stdout, stderr } = await inProcess("export", journal, "--closed", "--run=all");
    assertEquals(code, 0);
    const rows = rowsOf(stdout);
    const json = await inProcess("export", journal, "--closed", "--run=all", "--format=json");
    assertEquals(
      eventsOf(json.stdout).map((event) => Object.values(event).slice(1).map(String)),
      rows.map((row) => Object.values(row)),
    );
    printed.forEach((events, at) => {
      const own = rows.filter(({ run }) => run === `${at + 1}`);
      const sells = fillsIn(events).map((line) => JSON.parse(line)).filter(({ side }) => side === "sell");
      assertGreater(own.length, 10);
      assertEquals(own.map(({ profit }) => profit), sells.map(({ realized }) => realized));
      assertEquals(own.map(({ closed }) => closed), sells.map(({ time }) => time));
      const realized = String(eventsOf(events).at(-1)!.realized);
      assertEquals(sum(own, "profit"), realized);
      assertStringIncludes(stderr, `run ${at + 1}: ${own.length} closed positions: cost ${sum(own, "cost")}`);
      assertStringIncludes(stderr, `profit ${realized}, which is what the journal realized`);
    });
  });
});

Deno.test("penstock export --closed fails if the fills do not add up to what the journal realized", async () => {
  await withTwoRuns(async (journal) => {
    // While a position is open the two need not agree, so there is no message.
    const isOpen = (await positionsOf(journal, 1)).length > 0;
    tamper(journal, (database) => {
      database.exec(
        `UPDATE entries SET content = json_set(content, '$.fee', '0') WHERE type = 'fill' AND run = 1 AND seq =
          (SELECT min(seq) FROM entries WHERE type = 'fill')`,
      );
      if (isOpen) {
        database.exec(
          `UPDATE entries SET type = 'note' WHERE seq =
            (SELECT max(seq) FROM entries WHERE type = 'fill' AND run = 1)`,
        );
      }
      rehash(database);
    });
    const { code, stderr } = await inProcess("export", journal, "--closed", "--run=1");
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^penstock: The books do not balance: the profit of all closed lots is .*, expected /,
    );
  });
});

Deno.test("penstock export --trips, --signals and --equity agree with what the run printed and with each other", async () => {
  await withTwoRuns(async (journal, [first = "", second = ""]) => {
    const exported = async (...args: string[]) => {
      const { code, stdout, stderr } = await inProcess("export", journal, ...args);
      assertEquals(code, 0, stderr);
      return { stdout, stderr };
    };
    const signals = (stdout: string) =>
      stdout.split("\n").filter((line) => line.startsWith(`{"type":"signal"`));
    assertEquals((await exported("--signals", "--format=json")).stdout, signals(second).join("\n"));
    const shown = await exported("--signals", "--run=1");
    assertEquals(shown.stdout.split("\n").length - 1, signals(first).length);
    const { time, price, shortAverage, longAverage } = JSON.parse(signals(first)[0]!);
    assertStringIncludes(
      shown.stdout,
      `1,${time},BTCUSDT,buy,${price},`,
    );
    assertStringIncludes(
      shown.stdout,
      `,"{""shortAverage"":""${shortAverage}"",""longAverage"":""${longAverage}""}"`,
    );

    // One buy and one sale make a trip, so trips are the closed lots.
    const trips = await exported("--trips", "--run=all");
    const closed = rowsOf((await exported("--closed", "--run=all")).stdout);
    assertEquals(
      rowsOf(trips.stdout).map(({ trip: _, fills, cause, ...row }) => {
        assertEquals([fills, cause], ["2", "signal"]);
        return row;
      }),
      closed,
    );
    const realized = String(eventsOf(second).at(-1)!.realized);
    assertMatch(trips.stderr, /^run 1: \d+ round trips: cost .*\nrun 2: \d+ round trips: /);
    assertStringIncludes(trips.stderr, `profit ${realized}, which is what the journal realized`);

    const equity = rowsOf((await exported("--equity")).stdout);
    assertEquals(
      equity.filter(({ event }) => event === "fill").map((
        { cash, position, tradeId },
      ) => [cash, position, tradeId]),
      fillsIn(second).map((line) => JSON.parse(line)).map((
        { cash, position, tradeId },
      ) => [cash, position, `${tradeId}`]),
    );
    assertEquals(equity.filter(({ event }) => event === "signal").length, signals(second).length);
    for (const { price, cash, position, equity: value } of equity) {
      assertEquals(plain(new Money(price!).times(position!).plus(cash!)), value);
    }
    const { equity: atEnd, lastTime } = eventsOf(second).at(-1)!;
    const { event, equity: last, time: when } = equity.at(-1)!;
    assertEquals([event, last, when], ["last", atEnd, lastTime]);
    // At a signal's own trade the fill is valued at the trade's price, although the fill paid slippage.
    const bought = equity.find(({ event }) => event === "fill")!;
    assertEquals(bought["price"], equity[0]!["price"]);
    assert(bought["price"] !== JSON.parse(fillsIn(second)[0]!).price);
  });
});

Deno.test("penstock export --format parquet has the cells of the CSV, for every table", async () => {
  await withTwoRuns(async (journal) => {
    for (const table of [[], ["--closed"], ["--trips"], ["--signals"], ["--equity"]]) {
      const args = [journal, ...table, "--run=all"];
      const parquet = await inProcess("export", ...args, "--format=parquet");
      assertEquals(parquet.code, 0);
      const rows = await exactRows(parquet.bytes);
      const csv = (await inProcess("export", ...args)).stdout.split("\r\n").map((line) => line.trimEnd());
      assertGreater(rows.length, 20);
      assertEquals(rows.length, csv.length - 1);
      const head = csv[0]!.split(",");
      rows.forEach((row, at) => {
        assertEquals(Object.keys(row), head);
        const cells = Object.entries(row).map(([name, value]) => {
          if (value === null) return "";
          if (["time", "opened", "closed"].includes(name)) return isoTime(Number(value));
          if (typeof value === "string") {
            return value.includes(",") ? `"${value.replaceAll('"', '""')}"` : value;
          }
          return AMOUNTS.includes(name) ? plain(new Money(value, 18)) : String(value);
        });
        assertEquals(cells.join(","), csv[at + 1]);
      });
    }
  });
});

Deno.test("penstock export reads a result: the same fills, trips and closed positions as from the journal, and its equity curve", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [result, journal] = [`${folder}/result.json`, `${folder}/run.db`];
    const trades = `${folder}/trades.csv`;
    await Deno.writeTextFile(trades, csvTrades());
    const options = ["--symbol=BTCUSDT", "--short=3", "--long=9", "--slippage=2"];
    const { code, stderr } = await inProcess(
      "backtest",
      trades,
      ...options,
      "--out",
      result,
      "--state",
      journal,
    );
    assertEquals(code, 0, stderr);
    for (const table of [[], ["--closed"], ["--trips"]]) {
      const of = async (path: string) => {
        const { code, stdout, stderr } = await inProcess("export", path, ...table);
        assertEquals(code, 0, stderr);
        return [
          stdout.replaceAll(/^1?,/gm, ","),
          stderr.replace(/^run 1: /, "").replace("journal", "result"),
        ];
      };
      const found = await of(result);
      assertGreater(found[0]!.split("\n").length, 5);
      assertEquals(found, await of(journal));
    }
    const curve = JSON.parse(await Deno.readTextFile(result)).equityCurve as string[][];
    const equity = (await inProcess("export", result, "--equity")).stdout.split("\r\n").slice(1);
    assertEquals(
      equity.map((line) => line.trimEnd()),
      curve.map(([time, value]) => `,${time},BTCUSDT,sample,,,,,${value}`),
    );
    const refused = async (...args: string[]) => {
      const { code, stdout, stderr } = await inProcess("export", ...args);
      assertEquals([code, stdout], [2, ""]);
      return stderr;
    };
    assertStringIncludes(
      await refused(result, "--signals"),
      "a result has no signals. Repeat the backtest with --state",
    );
    assertStringIncludes(await refused(result, "--run=1"), "which has only one: leave it out");
    assertStringIncludes(
      await refused(journal, "--trips", "--equity"),
      "--equity, --trips: expected one of them",
    );
    assertStringIncludes(await refused(journal, "--copy", `${folder}/copy.db`, "--trips"), "without --trips");

    const damaged = async (change: (text: string) => string, exit = 3) => {
      const path = `${folder}/damaged.json`;
      await Deno.writeTextFile(path, change(await Deno.readTextFile(result)));
      const { code, stderr } = await inProcess("export", path, "--trips");
      assertEquals(code, exit, stderr);
      return stderr;
    };
    assertStringIncludes(await damaged((text) => text.slice(0, -50)), "is not whole");
    assertStringIncludes(
      await damaged((text) => text.replace(/"price":"[^"]*"/, `"price":"=1"`)),
      "one of its fills is",
    );
    assertStringIncludes(await damaged((text) => text.replace(`"version":1`, `"version":2`)), "version 2");
    assertStringIncludes(await damaged(() => `{"a": 1}`), "not a result of penstock backtest --out");
    const forged = await damaged((text) => text.replace(/"quantity":"[^"]*"/, `"quantity":"1"`), 1);
    assertStringIncludes(forged, "The books do not balance");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("penstock export of a run without fills has a header and no rows", async () => {
  await withExchange({ trades: [] }, async (place) => {
    await using program = place.run();
    await program.event("connected");
    program.signal("SIGINT");
    await program.finished();
    const csv = await inProcess("export", place.journal);
    assertEquals([csv.code, csv.stdout.split("\n").length], [0, 1]);
    assertMatch(csv.stdout, /^run,time,symbol,side,price,/);
    const closed = await inProcess("export", place.journal, "--closed", "--format=json");
    assertEquals([closed.code, closed.stdout], [0, ""]);
    assertMatch(
      closed.stderr,
      /^run 1: 0 closed positions: cost 0, proceeds 0, fees 0, profit 0, which is what/,
    );
  });
});

Deno.test("penstock export --copy copies a journal while a run writes it, and the copy can be read, verified and resumed", async () => {
  await withExchange({ seed: 3, rate: 3_000 }, async (place) => {
    const folder = place.journal.replace(/[^/]*$/, "");
    const [copy, recording] = [`${folder}copy.db`, `${folder}1.txt`];
    const copying = ["export", place.journal, "--copy", copy];
    const options = ["--short=3", "--long=9", "--cash=1000000"];
    await using run = place.run(...options, "--record", recording);
    for (let fills = 0; fills < 5; fills++) await run.event("fill");
    // From another process, as a backup is made.
    await using program = Penstock.start(copying, [...FLAGS, `--allow-write=${folder}`]);
    const { code, stdout, stderr } = await program.finished();
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^Copied .*penstock\.db to .*copy\.db: up to run 1, entry \d+ \(checkpoint\) of 20\S+Z, \d+ kB\n?$/,
    );
    for (let fills = 0; fills < 5; fills++) await run.event("fill");
    // A copy replaces no file, not even an earlier copy.
    const again = await inProcess(...copying);
    assertEquals(again.code, 2);
    assertStringIncludes(
      again.stderr,
      "copy.db already exists, and a copy never replaces anything: choose another name",
    );
    assertStringIncludes(
      (await inProcess(...copying, "--closed", "--run=1")).stderr,
      "give it without --run, --closed",
    );
    run.signal("SIGINT");
    assertEquals((await run.finished()).code, 0);

    const fills = Number(JSON.parse((await inProcess("status", copy, "--json")).stdout).fills);
    assert(fills >= 5, `${fills} fills`);
    assertEquals((await inProcess("export", copy, "--format=json")).stdout.split("\n").length, fills);
    const proven = await inProcess("verify", copy, recording);
    // The recording continues after the copy ends, so the copy lacks what came later.
    assertStringIncludes(proven.stdout, "The journal has no entry for a ");
    await using resumed = startHere(
      ["run", "--json", "--log-level=info", "--state", copy, "--endpoint", place.endpoint, ...options],
    );
    await resumed.logged("resumes after");
    resumed.signal("SIGINT");
    assertEquals((await resumed.finished()).code, 0);
  });
});

Deno.test({
  name: "penstock export --copy ends at SIGTERM with a complete copy or none, and the next copy works",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withExchange({ trades: [] }, async (place) => {
      const folder = place.journal.replace(/[^/]*$/, "");
      const [large, copy] = [`${folder}large.db`, `${folder}copy.db`];
      await writeSample(large);
      {
        await using journal = await openJournal(large);
        for (let number = 0; number < 3; number++) {
          const filler = "x".repeat(125_000);
          const entries = Array.from(
            { length: 120 },
            () => ({ type: "fill", time: TIME, content: { filler } } as const),
          );
          await journal.commit({ entries });
        }
      }
      const copying = ["export", large, "--copy", copy];
      await using program = Penstock.start(copying, [...FLAGS, `--allow-write=${folder}`]);
      const copyStarted = async () => {
        while (![`${copy}.copy`, copy].some(isThere)) await new Promise((resolve) => setTimeout(resolve, 1));
      };
      await within(copyStarted(), "the start of the copy");
      program.signal("SIGTERM");
      const { code } = await program.finished();
      assertEquals(isThere(copy), code === 0, `exit code ${code}`);
      if (isThere(copy)) Deno.removeSync(copy);
      assertEquals((await inProcess(...copying)).code, 0);
      assert((await chainResultOf(copy)).isWhole);
      assert(!isThere(`${copy}.copy`));
    });
  },
});

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
