/** `penstock doctor` from outside. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import type { CheckResult } from "../../src/domain/process/check_result.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { commandLine, DEAD_ENDPOINT, eventsOf, type Finished, Penstock } from "../support/penstock.ts";

/** Runs the doctor with exactly these permissions, in its own folder. */
async function examine(
  flags: readonly string[],
  ...args: readonly string[]
): Promise<Finished & { findings: readonly CheckResult[] }> {
  const folder = await Deno.makeTempDir();
  try {
    const state = `${folder}/data/penstock.db`;
    await using program = Penstock.start(
      ["doctor", "--json", `--state=${state}`, ...args.map((arg) => arg.replace("FOLDER", `${folder}/data`))],
      ["--no-prompt", ...flags.map((flag) => flag.replace("FOLDER", `${folder}/data`))],
    );
    const finished = await program.finished();
    const [printed] = eventsOf(finished.stdout);
    return { ...finished, findings: printed?.["findings"] as CheckResult[] };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The checks that fail, as `subject step`. */
function amiss(findings: readonly CheckResult[]): string[] {
  return findings.filter(({ isGood }) => !isGood).map(({ subject, step }) => `${subject} ${step}`.trim());
}

const FOLDERS = ["--allow-read=FOLDER", "--allow-write=FOLDER"];

Deno.test("penstock doctor passes if everything is available, and shows the times", async () => {
  await using exchange = BuiltInExchange.listen({ rate: 200 });
  const at = [`--endpoint=${exchange.endpoint}`, `--rest-endpoint=${exchange.restEndpoint}`];
  const { code, findings } = await examine(["--allow-net=127.0.0.1", ...FOLDERS], ...at);
  assertEquals(amiss(findings), []);
  assertEquals(code, 0);
  const steps = findings.map(({ step }) => step);
  for (const step of ["DNS, TCP", "WebSocket", "first trade", "HTTP"]) assert(steps.includes(step), step);
  const clock = findings.find(({ subject }) => subject === "clock");
  assert(/^\d+ ms (behind|ahead of) the exchange's, give or take \d+ ms$/.test(clock?.found ?? ""));
});

Deno.test("penstock doctor checks the recording folder, which a run creates", async () => {
  await using exchange = BuiltInExchange.listen({ rate: 200 });
  const { code, findings } = await examine(
    ["--allow-net=127.0.0.1", ...FOLDERS],
    ...[`--endpoint=${exchange.endpoint}`, `--rest-endpoint=${exchange.restEndpoint}`],
    ...["--record=FOLDER/rec/", "--record-keep=30d"],
  );
  assertEquals([code, amiss(findings)], [0, []]);
  const { found } = findings.find(({ subject }) => /^folder .*\/data\/rec$/.test(subject))!;
  assertEquals(found, "does not exist yet, but can be created");
});

Deno.test("penstock doctor names each missing permission and how to grant it", async () => {
  const { code, findings, stderr } = await examine([]);
  assertEquals(code, 1);
  assertMatch(stderr, /^penstock: \d+ of \d+ checks fail$/);
  const missing = findings.filter(({ found }) => found === "missing").map(({ advice }) => advice);
  for (const host of ["stream.binance.com:9443", "api.binance.com:443", "data-api.binance.vision:443"]) {
    const advice = `allow it with --allow-net=${host} before main.ts, or in deno.json`;
    assert(missing.includes(`No permission to reach ${host}: ${advice}`), host);
  }
  assert(missing.some((advice) => advice?.startsWith("Allow it with --allow-write=")), missing.join("\n"));
});

Deno.test("penstock doctor names the host that does not answer", async () => {
  const nobody = new URL(DEAD_ENDPOINT).host;
  const { code, findings } = await examine(
    ["--allow-net=127.0.0.1", ...FOLDERS],
    `--endpoint=ws://${nobody}`,
    "--backfill=off",
  );
  assertEquals([code, amiss(findings)], [1, [`${nobody} DNS, TCP`]]);
});

Deno.test("penstock doctor reports that a host answers only through the proxy in the environment", async () => {
  const nobody = new URL(DEAD_ENDPOINT).host;
  await using proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ serverTime: Date.now() }),
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: commandLine(
      ["doctor", "--json", "--state=none", `--endpoint=ws://${nobody}`, `--rest-endpoint=http://${nobody}`],
      ["--no-prompt", "--allow-net=127.0.0.1"],
    ),
    env: { HTTP_PROXY: `http://127.0.0.1:${proxy.addr.port}` },
  }).output();
  const findings = eventsOf(new TextDecoder().decode(stdout))[0]!["findings"] as CheckResult[];
  assert(amiss(findings).includes(`${nobody} proxy`), JSON.stringify(findings));
});

Deno.test("penstock doctor reports a symbol without trades and a wrong clock", async () => {
  await using exchange = BuiltInExchange.listen({
    onRest: (_url, answer) => ({ ...answer, body: `{"serverTime":${Date.now() - 60_000}}` }),
  });
  const { code, findings } = await examine(
    ["--allow-net=127.0.0.1", ...FOLDERS],
    `--endpoint=${exchange.endpoint}`,
    `--rest-endpoint=${exchange.restEndpoint}`,
    "--symbol=NOSUCH",
    "--stale=300ms",
  );
  const host = new URL(exchange.endpoint).host;
  assertEquals([code, amiss(findings)], [1, [`${host} first trade`, "clock"]]);
});

Deno.test("penstock doctor shows a damaged journal in its table", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const state = `${folder}/penstock.db`;
    await Deno.writeTextFile(state, "no journal at all ".repeat(100));
    await using exchange = BuiltInExchange.listen({ rate: 200 });
    await using program = Penstock.start(
      ["doctor", `--state=${state}`, `--endpoint=${exchange.endpoint}`, "--backfill=off"],
      ["--no-prompt", "--allow-net=127.0.0.1", `--allow-read=${folder}`, `--allow-write=${folder}`],
    );
    const { code, stdout, stderr } = await program.finished();
    assertEquals(code, 1);
    assert(/FAIL +journal .*not a SQLite database/.test(stdout), stdout);
    assertEquals(stderr, "penstock: 1 of 10 checks fails");
    assert(!stdout.includes("checks"), "it is printed once");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("penstock doctor does not suggest restoring a backup of a journal that it merely cannot open", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const state = `${folder}/p.db`;
    await Deno.mkdir(state);
    await using program = Penstock.start(
      ["doctor", "--json", `--state=${state}`],
      ["--no-prompt", `--allow-read=${folder}`, `--allow-write=${folder}`],
    );
    const [printed] = eventsOf((await program.finished()).stdout);
    const { found, advice } = (printed?.["findings"] as CheckResult[]).find(({ subject }) =>
      subject === `journal ${state}`
    )!;
    assertEquals([found, advice], [`Cannot open the journal ${state}: it is a folder`, "Name a file in it"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("penstock doctor reports that the journal's run cannot continue on another market or symbol", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const state = `${folder}/penstock.db`;
    {
      await using journal = await Journal.open(state, { now: () => 0, remembers: 50 });
      const options = { symbol: "BTCUSDT", exchange: "binance", endpoint: null };
      await journal.startRun({ time: 1, content: { version: "1", options, market: "binance" } });
    }
    const examined = async (...args: string[]) => {
      await using program = Penstock.start(
        ["doctor", "--json", `--state=${state}`, ...args],
        ["--no-prompt", `--allow-read=${folder}`, `--allow-write=${folder}`],
      );
      const [printed] = eventsOf((await program.finished()).stdout);
      const { found, advice } = (printed?.["findings"] as CheckResult[]).find(({ subject }) =>
        subject.startsWith("journal ")
      )!;
      return [found, advice];
    };
    const advice = "Give another --state, or start the run with --new-run";
    assertEquals(
      await Promise.all([examined(), examined("--exchange=binance-us"), examined("--symbol=ETHUSDT")]),
      [
        ["whole, 1 entries", null],
        ["it holds a run of BTCUSDT on binance, but this one is of BTCUSDT on binance-us", advice],
        ["it holds a run of BTCUSDT on binance, but this one is of ETHUSDT on binance", advice],
      ],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("penstock run lists the remaining permissions in the first line of its log", async () => {
  await using exchange = BuiltInExchange.listen({ rate: 500 });
  const folder = await Deno.makeTempDir();
  try {
    await using program = Penstock.start(
      ["run", `--endpoint=${exchange.endpoint}`, `--state=${folder}/p.db`, "--stop-after=100"],
      ["--no-prompt", "--allow-net=127.0.0.1", `--allow-read=${folder}`, `--allow-write=${folder}`],
    );
    const { code, stderr } = await program.finished();
    const host = new URL(exchange.endpoint).host;
    const reads = ["", "-wal", "-shm", ".lock"].map((end) => `reading ${folder}/p.db${end}`).join(", ");
    assertEquals(code, 0, stderr);
    assertStringIncludes(
      stderr.split("\n")[0]!,
      `permissions kept: network to ${host}, writing ${folder}/p.db.lock, ${reads}; all others are dropped`,
    );
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(left, ["p.db"], "the journal was closed and its lock removed");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
