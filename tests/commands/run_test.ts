/** `penstock run` from outside, against the built-in exchange in this process. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertStringIncludes,
} from "@std/assert";
import meta from "../../deno.json" with { type: "json" };
import { parseFaults } from "../../src/simulator/faults.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { DEAD_ENDPOINT, eventsOf, Penstock, penstock } from "../support/penstock.ts";
import { finishHere } from "../support/program_here.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { assertRun } from "./event_contract.ts";
import { soonMs } from "../support/soon.ts";

Deno.test("penstock run --stop-after ends after exactly that many trades", async () => {
  for (const count of [1, 49, 256, 1_000, 1_001]) {
    await using exchange = BuiltInExchange.listen({ speed: Infinity });
    const { code, stdout } = await finishHere(
      ...[
        "run",
        "--state=none",
        "--json",
        "--log-level=error",
        "--endpoint",
        exchange.endpoint,
        `--stop-after=${count}`,
      ],
    );
    assertEquals(code, 0);
    const events = eventsOf(stdout);
    assertRun(events);
    assertEquals(events.at(-1)!.trades, count);
  }
});

Deno.test("penstock run --for ends after that time even if nothing arrives", async () => {
  await using exchange = BuiltInExchange.listen({ trades: [] });
  const startedAt = performance.now();
  const { code, stdout } = await finishHere(
    "run",
    "--state=none",
    "--json",
    "--endpoint",
    exchange.endpoint,
    "--for=1s",
  );
  const took = performance.now() - startedAt;
  assertEquals(code, 0);
  const events = eventsOf(stdout);
  assertEquals(events.map(({ type }) => type), ["started", "connected", "summary"]);
  const { trades, firstTime, lastTime, elapsedMs } = events.at(-1)!;
  assertEquals([trades, firstTime, lastTime], [0, null, null]);
  assertGreaterOrEqual(Number(elapsedMs), 990);
  assertLess(took, await soonMs(3_000));
});

Deno.test("penstock run first emits what it was started with", async () => {
  const { stdout } = await finishHere(
    ...[
      "run",
      "--state=none",
      "--json",
      "--attempts=1",
      "--endpoint",
      DEAD_ENDPOINT,
      "--cash=1000.50",
      "--short=5",
    ],
  );
  const { type, command, version, config } = eventsOf(stdout)[0]!;
  assertEquals([type, command, version], ["started", "run", meta.version]);
  const { cash, short, long, symbol, attempts } = config as Record<string, unknown>;
  assertEquals({ cash, short, long, symbol, attempts }, {
    cash: "1000.5",
    short: 5,
    long: 50,
    symbol: "BTCUSDT",
    attempts: 1,
  });
});

Deno.test("penstock run emits expired orders when it stops trying to reach the exchange", async () => {
  await using exchange = BuiltInExchange.listen({
    speed: Infinity,
    faults: parseFaults("refuse=503:0:1000@400"),
  });
  const { code, stdout } = await finishHere(
    ...["run", "--state=none", "--json", "--backfill=off", "--endpoint", exchange.endpoint],
    ...["--attempts=2", "--retry-max=300ms", "--short=2", "--long=5", "--latency=1h", "--lot=0.00001"],
    "--tick=0.01",
  );
  assertEquals(code, 4);
  const events = eventsOf(stdout);
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  assertGreater(count("expired"), 0);
  assertEquals(count("signal"), count("expired") + count("refusal"));
});

Deno.test("penstock run takes options from a file, and the command line overrides them", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await using exchange = BuiltInExchange.listen({ speed: Infinity, symbol: "ETHUSDT" });
    const { endpoint } = exchange;
    await Deno.writeTextFile(
      file,
      JSON.stringify({ endpoint, symbol: "ethusdt", stopAfter: 5, json: true, logLevel: "error" }),
    );
    const { stdout, stderr } = await penstock("run", "--state=none", "--config", file, "--stop-after=60");
    const { symbol, trades } = eventsOf(stdout).at(-1)!;
    assertEquals([symbol, trades, stderr], ["ETHUSDT", 60, ""]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("penstock run prints received text without letting it control the terminal", async () => {
  await using exchange = BuiltInExchange.listen({ trades: [] });
  await using program = Penstock.start(["run", "--state=none", "--json", "--endpoint", exchange.endpoint]);
  await program.event("connected");
  const sample = "\x1b[2J\x9b\u202e\r\nnot a trade";
  exchange.send(sample);
  const rejected = await program.event("rejected");
  assertEquals([rejected.count, rejected.sample], [1, sample]);
  program.signal("SIGINT");
  const { stdout, stderr } = await program.finished();
  assertStringIncludes(stderr, "\\u{1b}[2J\\u{9b}\\u{202e}\\u{d}\\u{a}not a trade");
  assert(!/[\p{Cc}\p{Bidi_Control}]/u.test((stdout + stderr).replaceAll("\n", "")));
});

Deno.test("penstock run reports a flood of unusable messages in a few short events", async () => {
  await using exchange = BuiltInExchange.listen({ trades: [] });
  await using program = Penstock.start([
    "run",
    "--state=none",
    "--json",
    "--endpoint",
    exchange.endpoint,
    "--stop-after=1",
  ]);
  await program.event("connected");
  for (let message = 0; message < 5_000; message++) {
    exchange.send(`{"e":"trade","junk":"${"x".repeat(1_000)}"}`);
  }
  // The run ends after all of them.
  exchange.send(messageOf({ firstId: 1, lastId: 1, time: Date.now() * 1000, price: "100" }));
  const { stdout, stderr } = await program.finished();
  const events = eventsOf(stdout);
  assertRun(events);
  const rejected = events.filter(({ type }) => type === "rejected");
  const { trades, rejected: count, elapsedMs } = events.at(-1)!;
  assertEquals([trades, count], [1, 5_000]);
  // At the first, every ten seconds and at the end.
  const most = 2 + Math.ceil(Number(elapsedMs) / 10_000);
  assert(rejected.length <= most, `${rejected.length} events in ${elapsedMs} ms`);
  assert(rejected.every(({ sample }) => String(sample).length <= 200));
  assert(stderr.length < 5_000, "the log stays short");
});
