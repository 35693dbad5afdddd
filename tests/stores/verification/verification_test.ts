/** What a verification finds in the journal and recordings of real processes after tampering. */
import { assert, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { Difference, Outcome } from "../../../src/domain/run/verification.ts";
import { UnusableInput } from "../../../src/domain/market/unusable_input.ts";
import { BuiltInExchange } from "../../../src/simulator/server.ts";
import { copyJournal as copyWhole } from "../../../src/stores/journal/sqlite/journal_copy.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { hexHash } from "../../../src/stores/journal/journal_closes.ts";
import { type ClosesNote } from "../../../src/stores/journal/closes_note.ts";
import { digestIn, stateProof } from "../../../src/stores/journal/journal_state.ts";
import { configure, shownConfig } from "../../../src/config/config.ts";
import { HandRun } from "../../support/hand_run.ts";
import { outcomeOf, RecordedRun } from "../../support/recorded_run.ts";
import { SeededRandom } from "../../support/random.ts";
import { contentsOf, copyJournal, forgeState, inFolder, rehash, tamper, TIME } from "../sample_journal.ts";
import { assertEquals } from "../../support/equals.ts";

type Row = Record<string, unknown>;
const FIELDS = /"(?:t|T)":\d+|"[pq]":"[\d.]+"|"m":(?:true|false)/g;

/** The files of a stopped run. */
async function stopped(
  folder: string,
  use: (journal: string, recording: string) => Promise<void>,
): Promise<void> {
  await using exchange = BuiltInExchange.listen({ seed: 21, rate: 3_000 });
  const run = new RecordedRun(folder, exchange);
  await run.stoppedAfter(25);
  assertEquals((await outcomeOf(run.journal, run.recordings)).type, "verified");
  await use(run.journal, run.recordings[0]!);
}

/** Asserts that the outcome is a difference, and returns it. */
function different(outcome: Outcome): Difference {
  assert(outcome.type === "difference", JSON.stringify(outcome));
  return outcome;
}

function contentAt(database: DatabaseSync, seq: number): Row {
  return JSON.parse(
    String(database.prepare("SELECT content FROM entries WHERE seq = ?").get(seq)!["content"]),
  );
}

function rewrite(database: DatabaseSync, seq: number, content: Row): void {
  database.prepare("UPDATE entries SET content = ? WHERE seq = ?").run(JSON.stringify(content), seq);
}

/** Renumbers all entries from `seq` on by one, up or down, with everything that names entries. */
function shift(database: DatabaseSync, seq: number, by: 1 | -1): void {
  for (const [table, column] of [["entries", "seq"], ["states", "seq"], ["checkpoint_prices", "seq"]]) {
    database.exec(`UPDATE ${table} SET ${column} = -(${column} + ${by}) WHERE ${column} >= ${seq}`);
    database.exec(`UPDATE ${table} SET ${column} = -${column} WHERE ${column} < 0`);
  }
  database.exec(`UPDATE checkpoint_prices SET before = before + ${by} WHERE before >= ${seq}`);
  for (const row of database.prepare("SELECT * FROM checkpoint_prices").all()) {
    const { decimals, fresh, prices, before, state } = row as Record<string, number> & {
      readonly prices: Uint8Array;
      readonly state: Uint8Array;
    };
    const note = { decimals, fresh: fresh === 1, count: prices.length / 8, hash: hexHash(prices), before };
    const content = contentAt(database, row["seq"] as number);
    const proof = stateProof(state.toHex(), note as unknown as ClosesNote, digestIn(content["state"]));
    rewrite(database, row["seq"] as number, { ...content, state: proof });
  }
  forgeState(database, 1, (_content, prices) => {
    if (Number(prices["before"]) >= seq) prices["before"] = Number(prices["before"]) + by;
  });
}

Deno.test("Verification finds any changed byte in the journal's file, unless nothing reads it", async () => {
  await inFolder((folder) =>
    stopped(folder, async (journal, recording) => {
      const was = await contentsOf(journal);
      const bytes = Deno.readFileSync(journal);
      const used = Array.from(bytes.keys()).filter((at) => bytes[at] !== 0);
      const random = new SeededRandom(4);
      let found = 0;
      for (let time = 0; time < 150; time++) {
        const path = `${folder}/flipped.db`;
        const changed = bytes.slice();
        const at = random.pick(used);
        changed[at]! ^= random.whole(1, 255);
        Deno.writeFileSync(path, changed);
        try {
          if ((await outcomeOf(path, [recording])).type === "difference") {
            found++;
            continue;
          }
        } catch (error) {
          assert(error instanceof JournalError, `byte ${at}: ${error}`);
          continue;
        }
        assertEquals(await contentsOf(path), was, `byte ${at}`);
      }
      assertGreater(found, 80);
    })
  );
});

Deno.test("Verification finds any changed field of any recorded trade, and any line moved, left out or duplicated", async () => {
  await inFolder((folder) =>
    stopped(folder, async (journal, recording) => {
      const lines = Deno.readTextFileSync(recording).split("\n");
      const trades = lines.flatMap((line, at) => line.includes(`"e":"trade"`) ? [at] : []);
      assertGreater(trades.length, 100);
      const changed = `${folder}/changed.txt`;
      await fc.assert(
        fc.asyncProperty(
          fc.nat(trades.length - 2),
          fc.nat(4),
          fc.nat(20),
          fc.integer({ min: 1, max: 9 }),
          async (which, field, place, by) => {
            const at = trades[which]!;
            const line = lines[at]!;
            const [match] = [...line.matchAll(FIELDS)].slice(field, field + 1);
            const digits = [...match![0].matchAll(/\d/g)];
            const altered = digits.length === 0
              ? match![0].includes("true")
                ? match![0].replace("true", "false")
                : match![0].replace("false", "true")
              : withDigit(match![0], digits[place % digits.length]!.index, by);
            const text = line.slice(0, match!.index) + altered + line.slice(match!.index + match![0].length);
            Deno.writeTextFileSync(changed, lines.with(at, text).join("\n"));
            const difference = different(await outcomeOf(journal, [changed]));
            assert(
              difference.at !== null && difference.at.line >= at,
              `${line}: ${JSON.stringify(difference)}`,
            );
          },
        ),
        { numRuns: 120 },
      );
      for (const at of [trades[0]!, trades[50]!, trades.at(-1)!]) {
        const line = lines[at]!;
        const edits = [
          lines.toSpliced(at, 1),
          lines.toSpliced(at, 1).toSpliced(at - 1, 0, line),
          lines.slice(0, at),
        ];
        for (const edit of edits) {
          Deno.writeTextFileSync(changed, edit.join("\n"));
          different(await outcomeOf(journal, [changed]));
        }
      }
      // A duplicate trade changes nothing except its count.
      Deno.writeTextFileSync(changed, lines.toSpliced(trades[50]!, 0, lines[trades[50]!]!).join("\n"));
      assertMatch(
        different(await outcomeOf(journal, [changed])).what,
        /proves a different state .*, after the same trades: between (trade \d+|the first trade) and trade \d+ after line \d+ of .* a message that is not a new trade was changed, added or removed/,
      );
      // The last checkpoint follows the last trade, and the journal has its state, so the message can name the
      // difference.
      Deno.writeTextFileSync(changed, lines.toSpliced(trades.at(-1)!, 0, lines[trades.at(-2)!]!).join("\n"));
      assertMatch(different(await outcomeOf(journal, [changed])).what, /state\.parse\.counts\.duplicates/);
    })
  );
});

function withDigit(text: string, at: number, by: number): string {
  return text.slice(0, at) + (Number(text[at]) + by) % 10 + text.slice(at + 1);
}

Deno.test("Verification finds what a forger who recomputes all hashes changes, removes, adds or moves in the journal", async () => {
  await inFolder((folder) =>
    stopped(folder, async (journal, recording) => {
      const { entries } = await contentsOf(journal);
      const of = (type: string) => entries.filter((entry) => entry.type === type).map(({ seq }) => seq);
      const [fill, signal] = [of("fill")[9]!, of("signal")[9]!];
      const [connected, started] = [of("connected")[0]!, of("started")[0]!];
      // Their number depends on how many trades a busy machine reads at once.
      const checkpoints = of("checkpoint");
      const checkpoint = checkpoints[checkpoints.length >> 1]!;
      const forgeries: Readonly<Record<string, [RegExp, (database: DatabaseSync) => void]>> = {
        "a fill's price": [new RegExp(`^Entry ${fill} \\(fill\\) is not what`), (database) => {
          rewrite(database, fill, { ...contentAt(database, fill), price: "60000" });
        }],
        "a signal's time": [new RegExp(`^Entry ${signal} \\(signal\\) is not what`), (database) => {
          database.exec(`UPDATE entries SET time = time + 1 WHERE seq = ${signal}`);
        }],
        "a field too many": [new RegExp(`^Entry ${fill} \\(fill\\) is not what`), (database) => {
          rewrite(database, fill, { ...contentAt(database, fill), note: "x" });
        }],
        "another address": [new RegExp(`^Entry ${connected} \\(connected\\) is not what`), (database) => {
          rewrite(database, connected, { ...contentAt(database, connected), endpoint: "ws://127.0.0.1:1" });
        }],
        "cash at the last checkpoint": [
          new RegExp(`^Entry ${of("checkpoint").at(-1)} .* at state\\.account\\.cash `),
          (database) => {
            forgeState(database, 1, ({ state }) => {
              (state["account"] as Row)["cash"] = "1000001";
            });
          },
        ],
        "the state at a checkpoint": [
          new RegExp(`^Entry ${checkpoint} .* proves a different state`),
          (database) => {
            const content = contentAt(database, checkpoint) as { state: string };
            rewrite(database, checkpoint, {
              ...content,
              state: content.state.replace(/\..*/, ".AAAAAAAAAAAAAAAAAAAAAA"),
            });
          },
        ],
        "trades at a checkpoint": [/^The trades up to entry/, (database) => {
          const content = contentAt(database, checkpoint) as { state: string };
          rewrite(database, checkpoint, { ...content, state: content.state.replace(/^[^.]*/, "012345") });
        }],
        "another fee from the start": [
          /belongs to another journal, or the journal was rewritten/,
          (database) => {
            const content = contentAt(database, started) as { options: Row };
            content.options["fee"] = "0.002";
            rewrite(database, started, content);
          },
        ],
        "no options": [
          /^The options in entry 1 \(started\) are not those of a run: symbol is missing/,
          (database) => {
            rewrite(database, started, {});
          },
        ],
        "a fill left out": [/the recording leads to a fill/, (database) => {
          database.exec(`DELETE FROM entries WHERE seq = ${fill}`);
          shift(database, fill + 1, -1);
        }],
        "a fill twice": [/^Entry \d+ .*leads to|no entry/, (database) => {
          shift(database, fill + 1, 1);
          database.exec(
            `INSERT INTO entries SELECT seq + 1, run, type, time, content, hash FROM entries WHERE seq = ${fill}`,
          );
        }],
        "two entries in each other's place": [new RegExp(`^Entry ${signal} is a fill`), (database) => {
          for (const [from, to] of [[signal, -1], [fill, signal], [-1, fill]]) {
            database.exec(`UPDATE entries SET seq = ${to} WHERE seq = ${from}`);
          }
        }],
      };
      for (const [name, [expected, forge]] of Object.entries(forgeries)) {
        const path = `${folder}/forged.db`;
        copyJournal(journal, path);
        tamper(path, forge);
        // Without new hashes, the chain alone reveals it.
        assertMatch(
          different(await outcomeOf(path, [recording])).what,
          /^The chain of the journal is broken: /,
          name,
        );
        tamper(path, rehash);
        const difference = different(await outcomeOf(path, [recording]));
        assertMatch(difference.what, expected, name);
      }
    })
  );
});

Deno.test("Verification shows the very line of the trade that leads to a decision other than the journal's", async () => {
  await inFolder((folder) =>
    stopped(folder, async (journal, recording) => {
      const lines = Deno.readTextFileSync(recording).split("\n");
      const { entries } = await contentsOf(journal);
      const decisions = entries.filter(({ type }) => type === "signal" || type === "fill");
      assertGreater(decisions.length, 40);
      for (const { seq, content } of decisions.filter((_, at) => at % 2 === 0 || at > 40)) {
        const path = `${folder}/forged.db`;
        copyJournal(journal, path);
        tamper(path, (database) => rewrite(database, seq, { ...contentAt(database, seq), note: "x" }));
        tamper(path, rehash);
        const { tradeId } = content as { tradeId: number };
        const line = lines.findIndex((line) => line.includes(`"t":${tradeId},`)) + 1;
        const difference = different(await outcomeOf(path, [recording]));
        assertEquals([difference.entry, difference.tradeId, difference.at?.line], [seq, tradeId, line]);
      }
    })
  );
});

Deno.test("Verification shows the very line of a changed trade among trades that had waited", async () => {
  await inFolder(async (folder) => {
    const [journal, recording, changed] = [`${folder}/a.db`, `${folder}/a.txt`, `${folder}/changed.txt`];
    const options = { ...shownConfig(configure({}).config), short: 2, long: 5, cash: "1000000" };
    const bought: number[] = [];
    {
      await using run = await HandRun.open(journal, recording, options, TIME);
      const received = Array.from(
        { length: 300 },
        (_, at) => run.receive(60_000 + 50 * Math.round(Math.sin(at))).events,
      );
      const events = received.flat();
      await run.journal.keep(events);
      for (const event of events) {
        if (event.type === "signal" && event.side === "buy") bought.push(event.tradeId);
      }
      await run.stop();
    }
    // Of these no decision depends on when they arrived.
    const waited = `${TIME} {"penstock":{"event":"waited","until":${TIME + 10_000_000},"hold":${TIME}}}`;
    const lines = Deno.readTextFileSync(recording).split("\n").toSpliced(2, 0, waited);
    Deno.writeTextFileSync(changed, lines.join("\n"));
    assertEquals((await outcomeOf(journal, [changed])).type, "verified");
    const tradeId = bought[10]!;
    const at = lines.findIndex((line) => line.includes(`"t":${tradeId},`));
    Deno.writeTextFileSync(changed, lines.with(at, lines[at]!.replace(/"p":"60/, '"p":"61')).join("\n"));
    const difference = different(await outcomeOf(journal, [changed]));
    assertEquals([difference.tradeId, difference.at?.line], [tradeId, at + 1]);
  });
});

Deno.test("Verification finds what was cut off the end of a killed run, if its recording continues", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 34, rate: 3_000 });
    const run = new RecordedRun(folder, exchange);
    const path = `${folder}/older.db`;
    await run.process(async (program) => {
      for (let fills = 0; fills < 8; fills++) await program.event("fill");
      await copyWhole(run.journal, path);
      // The journal is ahead of the run's output read so far.
      const copied = (await contentsOf(path)).counts.fill!;
      for (let fills = 8; fills < copied + 7; fills++) await program.event("fill");
      program.signal("SIGKILL");
    }, { long: "300" });
    const [recording] = run.recordings as [string];
    const whole = await outcomeOf(run.journal, [recording]);
    assert(whole.type === "verified" && whole.fills >= 15, JSON.stringify(whole));
    const { entries } = await contentsOf(run.journal);
    // The end cannot be cut off by hand alone, because the state that the journal had then is gone.
    const cut = `${folder}/cut.db`;
    copyJournal(run.journal, cut);
    const kept = entries.filter(({ type }) => type === "checkpoint").at(-3)!.seq;
    tamper(cut, (database) => {
      database.exec(
        `DELETE FROM entries WHERE seq > ${kept}; DELETE FROM checkpoint_prices WHERE seq > ${kept};
          UPDATE states SET seq = ${kept}`,
      );
      rehash(database);
    });
    assertMatch(
      different(await outcomeOf(cut, [recording])).what,
      /^The chain of the journal is broken: the state of run 1 does not match/,
    );
    const difference = different(await outcomeOf(path, [recording]));
    assertMatch(difference.what, /^The journal has no entry for a signal that the recording leads to/);
    assertEquals([difference.entry, difference.journal], [null, null]);

    // And from the `kept` notes of the recording.
    const claiming = `${folder}/claiming.txt`;
    const claim = (entry: number) =>
      `9 {"penstock":{"event":"kept","entry":${entry}}}\n`.replace("9 ", "1723161255342000 ");
    const text = Deno.readTextFileSync(recording);
    Deno.writeTextFileSync(claiming, text + claim(entries.length));
    assertEquals((await outcomeOf(run.journal, [claiming])).type, "verified");
    Deno.writeTextFileSync(claiming, text + claim(entries.length + 1));
    assertMatch(
      different(await outcomeOf(run.journal, [claiming])).what,
      new RegExp(
        `^The recording says that entry ${
          entries.length + 1
        } was kept, but the last .* entry ${entries.length}\\.$`,
      ),
    );

    // Only what was received in the very last moment may have been recorded but not kept.
    const lines = Deno.readTextFileSync(recording).split("\n");
    const last = difference.at!.line;
    const moment = lines[last - 1]!.split(" ")[0]!;
    const end = lines.findLastIndex((line) => line.startsWith(moment)) + 1;
    const short = `${folder}/short.txt`;
    Deno.writeTextFileSync(short, `${lines.slice(0, end).join("\n")}\n`);
    assertEquals((await outcomeOf(path, [short])).type, "verified");
    Deno.writeTextFileSync(short, `${lines.slice(0, end + 1).join("\n")}\n`);
    different(await outcomeOf(path, [short]));
  });
});

Deno.test("Verification reports where a recording ends too early, and from which entry on nothing is verified", async () => {
  await inFolder((folder) =>
    stopped(folder, async (journal, recording) => {
      const lines = Deno.readTextFileSync(recording).split("\n");
      const cut = `${folder}/cut.txt`;
      Deno.writeTextFileSync(cut, `${lines.slice(0, 120).join("\n")}\n`);
      const difference = different(await outcomeOf(journal, [cut]));
      assertMatch(
        difference.what,
        /^The recording ends after trade \d+, and has nothing that leads to entry \d+ \(\w+\): from there on nothing is proven\.$/,
      );
      assertEquals(difference.at, { recording: cut, line: 120 });
      const { entries } = await contentsOf(journal);
      assertEquals(entries.find(({ seq }) => seq === difference.entry)?.time !== undefined, true);
      // The same with frames lost to a full disk.
      const note = `{"penstock":{"event":"lost","frames":7,"from":1,"to":2}}`;
      Deno.writeTextFileSync(
        cut,
        [...lines.slice(0, 60), `1723161255342000 ${note}`, ...lines.slice(67)].join("\n"),
      );
      assertStringIncludes(
        different(await outcomeOf(journal, [cut])).what,
        ` 7 frames before line 61 of ${cut} could not be recorded, as its note there says.`,
      );
    })
  );
});

Deno.test("Verification.take() throws UnusableInput for a file that Penstock did not record, and at an invalid line", async () => {
  await inFolder((folder) =>
    stopped(folder, async (journal, recording) => {
      const lines = Deno.readTextFileSync(recording).split("\n");
      const path = `${folder}/other.txt`;
      const cases: readonly (readonly [string[], string])[] = [
        [lines.slice(1), `${path}:1: it is not a recording that Penstock wrote`],
        [
          ["1,61000.5,0.1,6100.05,1723161255342,True,True"],
          `${path}:1: it is not a recording that Penstock wrote`,
        ],
        [lines.with(40, `x${lines[40]!.slice(1)}`), `${path}:41:1: the line is "x`],
      ];
      for (const [text, expected] of cases) {
        Deno.writeTextFileSync(path, text.join("\n"));
        try {
          await outcomeOf(journal, [path]);
          assert(false, "it was read");
        } catch (error) {
          assert(error instanceof UnusableInput, String(error));
          assertStringIncludes(error.message, expected);
        }
      }
    })
  );
});
