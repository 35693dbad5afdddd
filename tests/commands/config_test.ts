/** `penstock config` from outside. */
import { assertEquals, assertMatch } from "@std/assert";
import { inProcess } from "../support/in_process.ts";
import { penstock } from "../support/penstock.ts";

Deno.test("penstock config prints every option of a run with its value and where it came from", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, `{"long": 7, "lot": 1e-7, "minNotional": "10.0", "attempts": null}`);
    const args = ["--config", file, "--short=5", "--long=9", "--max-drawdown=2.5%", "--latency=1.5s"];
    const { code, stdout, stderr } = await inProcess("config", ...args);
    assertEquals([code, stderr], [0, ""]);
    const { symbol, short, long, lot, minNotional, attempts, maxDrawdown, latency, ...others } = JSON.parse(
      stdout,
    );
    assertEquals({ symbol, short, long, lot, minNotional, attempts, maxDrawdown, latency }, {
      symbol: { value: "BTCUSDT", source: "default" },
      short: { value: 5, source: "command line" },
      long: { value: 9, source: "command line" },
      lot: { value: "0.0000001", source: "file" },
      minNotional: { value: "10", source: "file" },
      attempts: { value: null, source: "default" },
      maxDrawdown: { value: "0.025", source: "command line" },
      latency: { value: 1500, source: "command line" },
    });
    assertEquals(others.stale, { value: 15_000, source: "default" });
    assertEquals(others.state, { value: "data/penstock.db", source: "default" });
    assertEquals(others.config, { value: file, source: "command line" });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("penstock config --json prints what --config accepts, and gives a run the same options", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const args = [
      "--symbol=ETHUSDT",
      "--stake=12.5%",
      "--max-drawdown=2.5%",
      "--latency=1.5s",
      "--max-orders=3/1m",
    ];
    args.push(
      "--max-quantity=0",
      "--min-notional=7",
      "--backfill=off",
      "--record-keep=30d",
      "--take-profit=150%",
    );
    const [given, shown] = await Promise.all([
      inProcess("config", ...args),
      inProcess("config", ...args, "--json"),
    ]);
    assertEquals([shown.code, shown.stderr], [0, ""]);
    await Deno.writeTextFile(file, shown.stdout);
    const [again, read] = await Promise.all([
      inProcess("config", "--config", file, "--json"),
      inProcess("config", "--config", file),
    ]);
    assertEquals([again.code, again.stdout, read.stderr], [0, shown.stdout, ""]);
    const valuesOf = (stdout: string) =>
      Object.entries(JSON.parse(stdout)).map(([name, option]) =>
        name === "config" ? [] : [name, (option as { value: unknown }).value]
      );
    assertEquals(valuesOf(read.stdout), valuesOf(given.stdout));
    // A file of defaults would fix what the exchange is asked for and what each command chooses.
    const { lot, tick, state, maxQuantity, minNotional } = JSON.parse(shown.stdout);
    assertEquals([lot, tick, state, maxQuantity, minNotional], [undefined, undefined, undefined, "0", "7"]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("penstock config rejects whatever a run would reject", async () => {
  const { code, stdout, stderr } = await inProcess("config", "--short=0", "--fee=1");
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^penstock: --short is "0".*\npenstock: --fee is "1"/);
});

Deno.test({
  name: "penstock config rejects an endless file by its size, with exit code 2",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const { code, stderr } = await penstock("config", "--config=/dev/zero");
    assertEquals([code, stderr], [
      2,
      "penstock: --config /dev/zero: it holds more than 1048576 bytes, far more than such a file has",
    ]);
  },
});

Deno.test("penstock config shows the rules of a run that queries no exchange", async () => {
  const rules = async (...args: string[]) => {
    const { lot, minQuantity, maxQuantity } = JSON.parse((await inProcess("config", ...args)).stdout);
    return { lot, minQuantity, maxQuantity };
  };
  const none = { value: null, source: "default" };
  assertEquals(await rules("--symbol=ETHUSDT"), {
    lot: { value: "0.00001", source: "default" },
    minQuantity: none,
    maxQuantity: none,
  });
  assertEquals(await rules("--symbol=ETHUSDT", "--offline-instruments", "--max-quantity=7"), {
    lot: { value: "0.0001", source: "built-in" },
    minQuantity: { value: "0.0001", source: "built-in" },
    maxQuantity: { value: "7", source: "command line" },
  });
});
