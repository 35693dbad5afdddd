/** `penstock status` from outside, on journals that real runs write. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { Money } from "../../src/domain/numbers/money.ts";
import { inProcess } from "../support/in_process.ts";
import { DEAD_ENDPOINT, eventsOf, type PrintedEvent, within } from "../support/penstock.ts";
import { assertEvent } from "./event_contract.ts";
import { withExchange, withFlood } from "./journal_run.ts";
import { change, MANY_VIEWS } from "../stores/hostile_journal.ts";
import { inFolder, writeSample } from "../stores/sample_journal.ts";

const ignore = Deno.build.os === "windows";

/** Checks that a status is of one moment: the account after its last fill, valued at the price. */
function assertOneMoment(status: PrintedEvent): void {
  assertEvent(status);
  const { cash, position, price, equity, realized, unrealized, startCash, fills, lastFills } = status as
    & PrintedEvent
    & {
      [name: string]: string;
    };
  const last = (lastFills as unknown as PrintedEvent[]).at(-1);
  if (last !== undefined) assertEquals([cash, position], [last.cash, last.position]);
  assertEquals((lastFills as unknown as PrintedEvent[]).length, Math.min(10, Number(fills)));
  const made = new Money(equity!).minus(startCash!);
  assert(new Money(cash!).plus(new Money(position!).times(price!)).eq(equity!));
  assert(new Money(realized!).plus(unrealized!).eq(made), `${realized} + ${unrealized} is not ${made}`);
}

Deno.test("penstock status reads a run that writes many fills at one consistent moment, and delays nothing", async () => {
  await withFlood(async (place) => {
    await using program = place.run("--short=2", "--long=5", "--fee=0", "--max-drawdown=100%");
    await program.event("fill");
    let [fills, tradeId] = [0, 0];
    for (let time = 0; time < 3; time++) {
      await program.event("fill", (fill) => Number(fill.tradeId) > tradeId);
      const status = await place.status();
      assertOneMoment(status);
      assertEquals([status.state, status.connected, status.pid, status.run], [
        "running",
        true,
        program.pid,
        1,
      ]);
      assertGreater(Number(status.fills), fills);
      fills = Number(status.fills);
      tradeId = Number((status.lastFills as PrintedEvent[]).at(-1)!.tradeId);
    }
    program.signal("SIGINT");
    const { code, stdout } = await program.finished();
    assertEquals(code, 0);
    const events = eventsOf(stdout);
    const summary = events.at(-1)!;
    const status = await place.status();
    assertOneMoment(status);
    for (
      const name of [
        "trades",
        "signals",
        "fills",
        "refusals",
        "gaps",
        "cash",
        "position",
        "equity",
        "fees",
        "realized",
      ]
    ) {
      assertEquals(status[name], summary[name], name);
    }
    assertEquals(status.lastFills as PrintedEvent[], events.filter(({ type }) => type === "fill").slice(-10));
    assertEquals([status.state, status.connected, status.stopReason], ["stopped", false, "asked to"]);
  });
});

Deno.test("penstock status shows that a stopped run is stopped, and its health check fails", async () => {
  await withExchange({ rate: 2_000 }, async (place) => {
    await using program = place.run("--stop-after=500");
    await program.finished();
    const { code, stdout, stderr } = await inProcess("status", place.journal);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^Run 1 of BTCUSDT in .*penstock\.db, on paper\n\s+state\s+stopped \d{4}-/m);
    assertStringIncludes(stdout, "  trades seen     500\n");
    const health = await place.health("1000h");
    assertEquals([health.code, health.stdout], [1, ""]);
    assertMatch(
      health.stderr,
      /^penstock: run 1 in .*penstock\.db was stopped at .*Z \(on request\): it is not running\. Start it again/,
    );
  });
});

Deno.test("penstock status --max-age recognises a killed run by the age of its last heartbeat", async () => {
  await withExchange({ rate: 200 }, async (place) => {
    await using program = place.runApart();
    await program.event("fill");
    program.signal("SIGKILL");
    await program.finished();
    const [young, old, both] = await Promise.all([
      place.health("1h"),
      place.health("1ms"),
      inProcess("status", place.journal, "--max-age=1ms", "--json"),
    ]);
    assertEquals([young.code, young.stderr], [0, ""]);
    assertMatch(young.stdout, /^run 1 in .* is alive: its last heartbeat is [\d.]+ s old$/);
    assertEquals([old.code, old.stdout], [1, ""]);
    assertMatch(
      old.stderr,
      /^penstock: the last heartbeat of run 1 in .*, at .*Z, is [\d.]+ s old, limit 0\.001 s: its process was killed, failed, hangs, or cannot write\n?$/,
    );
    assertEquals([both.code, eventsOf(both.stdout).length], [1, 1]);
    assertOneMoment(await place.status());
  });
});

Deno.test({
  name:
    "penstock status --max-age takes a quiet run for alive, a suspended one for dead, and a continued one for alive again",
  ignore,
  fn: async () => {
    await withExchange({ trades: [] }, async (place) => {
      await using program = place.runQuicklyApart();
      await program.event("connected");
      const began = await place.status();
      // No event reports that it is old enough; only another query shows it.
      const until = async (matches: (status: PrintedEvent) => boolean) => {
        const find = async (): Promise<PrintedEvent> => {
          const status = await place.status();
          return matches(status) ? status : await find();
        };
        return await within(find(), "a status that is waited for");
      };
      const later = await until(({ lastHeartbeat }) => lastHeartbeat !== began.lastHeartbeat);
      assertEquals([later.state, later.trades, later.connected], ["running", 0, true]);
      assertEquals(later.connectionSince, began.connectionSince);
      assertEquals((await place.health("1h")).code, 0);
      program.signal("SIGSTOP");
      const { lastHeartbeat } = await until(({ ageMs }) => Number(ageMs) > 500);
      assertEquals((await place.health("500ms")).code, 1);
      program.signal("SIGCONT");
      await until((status) => String(status.lastHeartbeat) > String(lastHeartbeat));
      assertEquals((await place.health("1h")).code, 0);
      program.signal("SIGINT");
      assertEquals((await program.finished()).code, 0);
    });
  },
});

Deno.test("penstock status --fail-on-halt fails only for a halt, which it names", async () => {
  await withExchange({ rate: 200 }, async (place) => {
    await using program = place.runQuicklyApart();
    await program.event("started");
    const check = (...args: string[]) => inProcess("status", place.journal, "--fail-on-halt", ...args);
    const [well, both] = [await check(), await check("--max-age=1h")];
    assertEquals([well.code, well.stdout, well.stderr], [0, `run 1 in ${place.journal} is not halted`, ""]);
    assertEquals(both.code, 0);
    assertMatch(both.stdout, /^run 1 in .* is alive: .* old; not halted$/);
    await place.halt("--reason=looked odd");
    const [halted, alive, printed, young] = await Promise.all([
      check(),
      check("--max-age=1h"),
      check("--max-age=1h", "--json"),
      place.health("1h"),
    ]);
    const sentence =
      /^penstock: run 1 in .*penstock\.db has been halted since \d{4}-.*Z, by hand \(looked odd\): it buys nothing until "penstock release .*penstock\.db --reason TEXT" ends the halt$/;
    for (const { code, stderr } of [halted, alive, printed]) {
      assertEquals(code, 1);
      assertMatch(stderr, sentence);
    }
    assertEquals([halted.stdout, alive.stdout, young.code], ["", "", 0]);
    assertEquals(eventsOf(printed.stdout)[0]?.["halted"], true);
    program.signal("SIGKILL");
    await program.finished();
    // A dead run is reported before a halt.
    const dead = await check("--max-age=1ms");
    assertEquals(dead.code, 1);
    assertStringIncludes(dead.stderr, "old, limit 0.001 s");
    assertMatch((await check()).stderr, sentence);
  });
});

Deno.test("penstock status shows why a run is not connected, and since when", async () => {
  await withExchange({ trades: [] }, async (place) => {
    await using program = place.runAt(DEAD_ENDPOINT, "--retry-max=250ms");
    const first = await program.event("disconnected");
    await program.event("disconnected");
    const last = await program.event("disconnected");
    const status = await place.status();
    const { state, connected, reason, endpoint, price } = status;
    assertEquals([state, connected, reason, endpoint, price], ["running", false, last.reason, null, null]);
    assertEquals(status.connectionSince, first.time);
    assertLess(String(status.connectionSince), String(last.time));
    assertEquals((await place.health("1m")).code, 0);
  });
});

Deno.test("penstock status shows the last run unless --run names another", async () => {
  await withExchange({ rate: 1_000 }, async (place) => {
    for (const args of [["--stop-after=100"], ["--stop-after=200", "--new-run"]]) {
      await using program = place.run(...args);
      await program.finished();
    }
    const [last, first] = [await place.status(), await place.status("--run=1")];
    assertEquals([last.run, last.trades, first.run, first.trades], [2, 200, 1, 100]);
    assertEquals([first.state, first.stopReason], ["stopped", "new run"]);
    const none = await inProcess("status", place.journal, "--run=3");
    assertEquals([none.code, none.stdout], [2, ""]);
    assertStringIncludes(none.stderr, `--run is "3": expected one of the runs 1 to 2 in ${place.journal}`);
  });
});

Deno.test("penstock status shows a resumed run with its first start and when it was resumed", async () => {
  await withExchange({ rate: 500 }, async (place) => {
    let before: PrintedEvent;
    {
      await using program = place.runApart();
      await program.event("fill");
      program.signal("SIGKILL");
      await program.finished();
      before = await place.status();
    }
    await using program = place.run();
    await program.event("connected");
    const status = await place.status();
    assertOneMoment(status);
    assertEquals([status.run, status.started, status.pid], [1, before.started, program.pid]);
    assert(before.resumed === null && String(status.resumed) > String(before.lastHeartbeat));
    assertGreater(Number(status.trades), 0);
  });
});

Deno.test("penstock status ends at once for a journal whose tables SQLite would read for minutes", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    change(path, MANY_VIEWS);
    const { code, stdout, stderr } = await inProcess("status", path, "--max-age=60s");
    assertEquals([code, stdout], [3, ""]);
    assertStringIncludes(stderr, `penstock: The journal ${path} is damaged: the list of its tables `);
  });
});

Deno.test("penstock status and export explain a missing or wrong journal and show their usage", async () => {
  const folder = await Deno.makeTempDir({ prefix: "penstock_" });
  try {
    await Deno.writeTextFile(`${folder}/text.db`, "x".repeat(9_000));
    for (const command of ["status", "export"]) {
      const missing = await inProcess(command, `${folder}/none.db`);
      assertEquals([missing.code, missing.stdout], [1, ""]);
      assertStringIncludes(
        missing.stderr,
        `penstock: Cannot open the journal ${folder}/none.db: there is none yet. Start`,
      );
      const text = await inProcess(command, `${folder}/text.db`);
      assertEquals([text.code, text.stdout], [1, ""]);
      assertStringIncludes(text.stderr, "it is not a SQLite database");
      const wrong = await inProcess(command, "a.db", "b.db", "--run=0");
      assertEquals([wrong.code, wrong.stderr], [
        2,
        `penstock: "b.db" is one word too many: "${command}" takes one journal and options\n` +
        `penstock: --run is "0": expected the number of a run, from 1 on, or all`,
      ]);
      const help = await inProcess(command, "--help");
      assertStringIncludes(help.stdout, `\n  penstock ${command} data/penstock.db --`);
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["text.db"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
