/** A run, and the commands that read it, with the journal in PostgreSQL. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { configure, shownConfig } from "../../src/config/config.ts";
import type { EngineEvent } from "../../src/stages/engine.ts";
import type { ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { inFolder, TIME } from "../stores/sample_journal.ts";
import { HandRun } from "../support/hand_run.ts";
import { inProcess } from "../support/in_process.ts";
import { Penstock } from "../support/penstock.ts";
import { noPostgres, PostgresServer } from "../support/postgres_server.ts";
import { SeededRandom } from "../support/random.ts";
import { wholeEntries } from "./reference_run.ts";

const OPTIONS: ShownOptions = { ...shownConfig(configure({}).config), short: 3, long: 9, cash: "1000000" };
const server = noPostgres ? null! : await PostgresServer.start();

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: noPostgres, fn });
}

function walk(count: number): number[] {
  const random = new SeededRandom(8);
  let price = 60_000;
  return Array.from({ length: count }, () => price += random.whole(-50, 50));
}

/** The lines of an export without the times, which differ where a process starts later. */
function lines(text: string): string[] {
  return text.split("\n").map((line) => line.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, ""));
}

/** Standard output of a command that succeeds. */
async function output(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await inProcess(...args);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

test("a run that is killed and resumed in PostgreSQL decides and keeps the same as an uninterrupted one in SQLite", async () => {
  const database = await server.database();
  await inFolder(async (folder) => {
    const path = `${database}#killed`;
    const prices = walk(300);
    {
      await using run = await HandRun.open(`${folder}/whole.db`, `${folder}/whole.txt`, OPTIONS, TIME);
      for (const price of prices) await run.trade(price);
    }
    const recordings: string[] = [];
    const decisions: EngineEvent[] = [];
    for (let next = 0; next < prices.length;) {
      const recording = `${folder}/${recordings.length}.txt`;
      recordings.push(recording);
      const run = await HandRun.open(path, recording, OPTIONS, TIME + next * 1_000);
      next = run.engine.state.trades;
      while (next < Math.min(prices.length, 110 * recordings.length)) {
        decisions.push(...await run.trade(prices[next++]!));
      }
      // Its lease ends, and it wakes later.
      await server.sql("test_1", "UPDATE penstock.journals SET token = token + 1, expires = NULL");
      await run[Symbol.asyncDispose]();
      decisions.splice((await wholeEntries(path)).filter(isDecision).length);
    }
    assertGreater(decisions.filter(({ type }) => type === "fill").length, 20);

    assertStringIncludes(await output("verify", path, ...recordings), "");
    assertEquals(lines(await output("export", path)), lines(await output("export", `${folder}/whole.db`)));
    const [ours, theirs] = [await wholeEntries(path), await wholeEntries(`${folder}/whole.db`)];
    const content = (entries: typeof ours) =>
      entries.filter(isDecision).map(({ type, content }) => ({ type, content }));
    assertEquals(content(ours), content(theirs));
    assertEquals(JSON.parse(await output("status", path, "--json")).journal, path);
    assertStringIncludes(await output("status", database, "--name=killed"), `in ${path}, on paper`);
    await output("report", path, `--out=${folder}/page.html`);
    assertStringIncludes(await Deno.readTextFile(`${folder}/page.html`), "<html");
    assertMatch(
      await output("export", path, "--copy", `${database}#copy`),
      /^Copied .*#killed to .*#copy: up to run 1/,
    );
    assertEquals(await wholeEntries(`${database}#copy`), ours);
    assertStringIncludes(await output("compare", path, `${database}#copy`), "same");
    const elsewhere = await inProcess(
      "export",
      path,
      "--copy",
      `${database.replace("test_", "other_")}#copy`,
    );
    assertStringIncludes(elsewhere.stderr, "a copy goes to the same database");
    const file = `${folder}/copy.db`;
    assertMatch(await output("export", path, "--copy", file), /^Copied .*#killed to .*copy\.db: up to run 1/);
    assertEquals(await wholeEntries(file), ours);
    assertStringIncludes(await output("compare", path, file), "same");
    assertStringIncludes(await output("verify", file, ...recordings), "Verified");
    const again = await inProcess("export", path, "--copy", file);
    assertStringIncludes(again.stderr, `${file} already exists`);
    const drafts = [...Deno.readDirSync(folder)].filter(({ name }) => name.includes(".copy"));
    assertEquals(drafts, []);
    // The run continues from it as from the copy in the database.
    await using other = await HandRun.open(
      `${database}#copy`,
      `${folder}/other.txt`,
      OPTIONS,
      TIME + 3_600_000_000,
    );
    await using next = await HandRun.open(file, `${folder}/next.txt`, OPTIONS, TIME + 3_600_000_000);
    assertEquals(next.engine.state.snapshot(), other.engine.state.snapshot());
  });
});

function isDecision({ type }: { readonly type: string }): boolean {
  return !["started", "resumed", "connected", "checkpoint"].includes(type);
}

test("halt and release reach a run in PostgreSQL while it is live and after it has stopped", async () => {
  const database = await server.database();
  await inFolder(async (folder) => {
    const path = `${database}#halted`;
    {
      await using run = await HandRun.open(path, `${folder}/0.txt`, OPTIONS, TIME);
      for (const price of walk(40)) await run.trade(price);
      await run.checkpoint();
    }
    assertStringIncludes(await output("halt", path), "is not running. The halt is filed");
    assertStringIncludes(
      await output("release", database, "--name=halted", "--reason=a mistake"),
      "is withdrawn",
    );
    {
      await using run = await HandRun.open(path, `${folder}/1.txt`, OPTIONS, TIME + 60_000_000);
      await run.halt();
    }
    assertStringIncludes(
      await output("release", path, "--reason", "looked at it"),
      "is released: looked at it",
    );
    assertEquals((await wholeEntries(path)).slice(-2).map(({ type }) => type), ["released", "checkpoint"]);
  });
});

test("status lists the runs of a database, and reads each with no permission but its host", async () => {
  const database = await server.database();
  await inFolder(async (folder) => {
    assertStringIncludes(await output("status", database), `0 journals in ${database}`);
    {
      await using run = await HandRun.open(`${database}#b.halted`, `${folder}/0.txt`, OPTIONS, TIME);
      for (const price of walk(40)) await run.trade(price);
      await run.halt();
      await run.stop();
    }
    await using _run = await HandRun.open(
      `${database}#a-live`,
      `${folder}/1.txt`,
      OPTIONS,
      Date.now() * 1000,
    );
    const command = ["status", database];
    const [, , head, live, halted] = (await output(...command)).split("\n");
    assertMatch(head!, /name +symbol +state +trading +equity +lag +held by/);
    assertMatch(live!, /a-live +BTCUSDT +running +yes +1,000,000\.00 .* process \d+ on 127\.0\.0\.1$/);
    assertMatch(halted!, /b\.halted +BTCUSDT +stopped +HALTED \(manual\) +[\d,.]+$/);
    const { runs } = JSON.parse(await output(...command, "--json"));
    assertEquals(runs.map(({ name, isHeld, halted }: Record<string, unknown>) => [name, isHeld, halted]), [
      ["a-live", true, false],
      ["b.halted", false, true],
    ]);
    // The client would read PGPASSWORD and twenty other names from the environment if it were let.
    const host = `127.0.0.1:${server.port}`;
    const { code, stdout } = await statusUnder([`--allow-net=${host}`], `${database}#a-live`);
    assertEquals([code, stdout.includes("running")], [0, true]);
    const refused = await statusUnder([], `${database}#a-live`);
    assertStringIncludes(refused.stderr, `no permission to reach ${host}. Allow it with --allow-net=${host}`);
  });
});

test("watch serves all runs of a database, with no permission left but its host", async () => {
  const database = await server.database();
  await inFolder(async (folder) => {
    {
      await using run = await HandRun.open(`${database}#one`, `${folder}/0.txt`, OPTIONS, TIME);
      for (const price of walk(40)) await run.trade(price);
      await run.stop();
    }
    await using _two = await HandRun.open(`${database}#two`, `${folder}/1.txt`, OPTIONS, Date.now() * 1000);
    await using program = Penstock.start(["watch", database, "--listen=127.0.0.1:0"], [
      ...["--no-prompt", `--allow-net=127.0.0.1`, "--allow-read"],
    ]);
    const [, page = ""] = /(http:\S+)/.exec(await program.logged("the live page is at")) ?? [];
    assertStringIncludes(
      await program.logged("permissions kept"),
      `kept: network to 127.0.0.1:${server.port}; all`,
    );
    // It polls once a second.
    let runs: readonly { readonly name: string; readonly status: { readonly state: string } | null }[];
    do {
      await new Promise((resolve) => setTimeout(resolve, 50));
      ({ runs } = await (await fetch(`${page}/state`)).json());
    } while (runs.some(({ status }) => status === null));
    assertEquals(runs.map(({ name, status }) => [name, status!.state]), [["one", "stopped"], [
      "two",
      "running",
    ]]);
  });
});

async function statusUnder(flags: readonly string[], place: string) {
  const { success, code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--allow-read", ...flags, "main.ts", "status", place],
    env: { PGPASSWORD: "unread" },
  }).output();
  const decoder = new TextDecoder();
  return { success, code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("an impossible place in a database is refused, and no message repeats a password", async () => {
  const refused = async (part: string, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await inProcess(...args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, part);
    assert(!stderr.includes("hunter2"), stderr);
  };
  const secret = "postgres://ann:hunter2@db/fleet";
  await refused(
    '--state is "postgres://ann:…@db/fleet": expected no password in it',
    "config",
    `--state=${secret}`,
  );
  await refused("postgres://ann:…@db/fleet: expected no password in it", "status", secret);
  await refused("postgres://ann:…@db/fleet: expected no password", "compare", secret, secret);
  await refused("given 2 times", "config", `--state=${secret}`, `--state=${secret}`);
  await refused("one word too many", "status", "a.db", secret);
  await refused("expected a host in it: postgres://USER@HOST", "config", "--state=postgres://");
  await refused('--name is "x": expected --state postgres', "config", "--state=a.db", "--name=x");
  await refused('--name is "x": expected a journal in postgres', "status", "a.db", "--name=x");
  await refused('but the place names the journal "y"', "status", "postgres://ann@db/fleet#y", "--name=x");
  await refused('--name is "a b": expected up to 63 letters', "config", "--name=a b");
});

Deno.test("the journal's default name stays the same as long as its run can be resumed", async () => {
  const stateWith = async (...args: readonly string[]) =>
    JSON.parse(await output("config", "--json", "--state=postgres://ann@db/fleet", ...args)).state as string;
  const usual = await stateWith();
  assertMatch(usual, /^postgres:\/\/ann@db\/fleet#binance-BTCUSDT-[0-9a-f]{8}$/);
  assertEquals(await stateWith("--short=20", "--max-drawdown=5%", "--stale=9s", "--json"), usual);
  const others = [await stateWith("--short=19"), await stateWith("--fee=0.2%"), await stateWith("--bars=1m")];
  assertEquals(new Set([usual, ...others]).size, 4);
  assertStringIncludes(await stateWith("--symbol=ETHUSDT"), "#binance-ETHUSDT-");
  assertEquals(await stateWith("--name=mine"), "postgres://ann@db/fleet#mine");
});
