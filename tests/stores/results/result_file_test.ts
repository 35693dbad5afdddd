import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import type { FillEvent } from "../../../src/domain/run/event.ts";
import { Money } from "../../../src/domain/numbers/money.ts";
import type { Results } from "../../../src/domain/performance/performance.ts";
import { RESULT_VERSION, ResultFile, type ResultHead } from "../../../src/stores/results/result_file.ts";
import { METRICS, SUMMARY } from "../../support/sample_metrics.ts";

const START = 1_723_161_255_342_000;

const HEAD: ResultHead = {
  options: { symbol: "BTCUSDT", short: 20, cash: "10000", json: false, record: null },
  environment: { penstock: "0.1.0", deno: "2.9.6", v8: "14.0", os: "linux", arch: "x86_64" },
  files: ["trades.csv", "-"],
};

const RESULTS: Results = {
  metrics: METRICS,
  equityCurve: [
    { time: START, equity: 10_000 },
    { time: START + 1_000_000, equity: 9_900.123456789 },
    { time: START + 2_500_001, equity: 1e-7 },
  ],
  volatility: [],
  drawdownPeriods: [
    {
      ...{ peak: new Money("10050"), amount: new Money("203.123456785"), from: START, to: START + 3 },
      recovered: null,
    },
    {
      ...{ peak: new Money("10000"), amount: new Money("0.00000001"), from: START, to: START + 1 },
      recovered: START + 2,
    },
  ],
};

function fill(tradeId: number): FillEvent {
  return {
    type: "fill",
    time: "2024-08-08T23:54:15.342000Z",
    symbol: "BTCUSDT",
    side: tradeId % 2 === 0 ? "sell" : "buy",
    price: "61837.63",
    quantity: "0.01617",
    fee: "0.99991448",
    cash: "9000.0856",
    position: "0.01617",
    tradeId,
    signalTradeId: tradeId,
    ...(tradeId % 2 === 0 ? { realized: "-1.99" } : {}),
  };
}

/** The first characters of a result. */
const OLDER = `{"schema":"penstock-result"`;

/** Starts a result that is never aborted; its warnings go to `warnings`. */
function start(path: string, warnings: string[] = []): Promise<ResultFile> {
  const options = {
    stop: new AbortController().signal,
    onWarning: (text: string) => void warnings.push(text),
  };
  return ResultFile.create(path, HEAD, options);
}

/** Runs `test` in its own folder; returns the names left there. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<string[]> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-result-" });
  try {
    await test(folder);
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/**
 * Runs a separate program with every permission, or a "limited" one that cannot write large files; returns its output.
 */
async function evaluate(code: string, flag?: string): Promise<string> {
  const program = `import { ResultFile } from "${
    import.meta.resolve("../../../src/stores/results/result_file.ts")
  }";
    import { METRICS, SUMMARY } from "${import.meta.resolve("../../support/sample_metrics.ts")}";
    const head = ${JSON.stringify(HEAD)};
    const options = { stop: new AbortController().signal, onWarning: () => {} };
    const start = (path) => ResultFile.create(path, head, options);
    const results = { metrics: METRICS, volatility: [], equityCurve: [], drawdownPeriods: [] };
    const fill = ${JSON.stringify(fill(1))};
    ${code}`;
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const isLimited = flag === "limited";
  const flags = flag === undefined || isLimited ? [] : [flag];
  const args = ["eval", "--config", config, ...flags, program];
  const command = isLimited
    // 40 MB, in blocks of 512 bytes. The signal that would end the process is ignored.
    ? ["sh", "-c", `trap '' XFSZ; ulimit -f 80000; exec "$0" "$@"`, Deno.execPath(), ...args]
    : [Deno.execPath(), ...args];
  const { success, stdout, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr).slice(0, 2_000));
  return new TextDecoder().decode(stdout).trim();
}

/** Everything in a JSON text, in the order of its keys. */
function keysOf(value: unknown): string[] {
  return Object.keys(value as object);
}

Deno.test("ResultFile writes the fields of its schema, in that order", async () => {
  const names = await inFolder(async (folder) => {
    const path = `${folder}/result.json`;
    using file = await start(path);
    for (const id of [1, 2, 3]) file.add(fill(id));
    await file.finish(SUMMARY, RESULTS);
    const text = Deno.readTextFileSync(path);
    assert(text.endsWith("}\n"));
    const result = JSON.parse(text);
    const { metrics: _, ...summary } = SUMMARY;
    assertEquals(result, {
      schema: "penstock-result",
      version: 1,
      ...HEAD,
      fills: [fill(1), fill(2), fill(3)],
      summary,
      metrics: METRICS,
      equityCurve: [
        ["2024-08-08T23:54:15.342000Z", "10000"],
        ["2024-08-08T23:54:16.342000Z", "9900.12345679"],
        ["2024-08-08T23:54:17.842001Z", "0.0000001"],
      ],
      drawdownPeriods: [
        {
          peak: "10050",
          amount: "203.12345678",
          fraction: "0.02021129",
          from: "2024-08-08T23:54:15.342000Z",
          to: "2024-08-08T23:54:15.342003Z",
          recovered: null,
        },
        {
          peak: "10000",
          amount: "0.00000001",
          fraction: "0",
          from: "2024-08-08T23:54:15.342000Z",
          to: "2024-08-08T23:54:15.342001Z",
          recovered: "2024-08-08T23:54:15.342002Z",
        },
      ],
      models: [],
    });
    assertEquals(keysOf(result), [
      ...["schema", "version", "options", "environment", "files", "fills", "summary", "metrics"],
      ...["equityCurve", "drawdownPeriods", "models"],
    ]);
    assertEquals(keysOf(result.summary), keysOf(summary));
    assertEquals(keysOf(result.metrics), keysOf(METRICS));
    assertEquals(keysOf(result.drawdownPeriods[0]), [
      "peak",
      "amount",
      "fraction",
      "from",
      "to",
      "recovered",
    ]);
    assertEquals(result.version, RESULT_VERSION);
  });
  assertEquals(names, ["result.json"]);
});

Deno.test("ResultFile is complete even without a fill, a point or a period", async () => {
  await inFolder(async (folder) => {
    using file = await start(`${folder}/x.json`);
    await file.finish(SUMMARY, { metrics: METRICS, volatility: [], equityCurve: [], drawdownPeriods: [] });
    const { fills, equityCurve, drawdownPeriods } = JSON.parse(Deno.readTextFileSync(`${folder}/x.json`));
    assertEquals([fills, equityCurve, drawdownPeriods], [[], [], []]);
  });
});

Deno.test("ResultFile that is not finished leaves nothing behind, and does not change an earlier file of that name", async () => {
  const names = await inFolder(async (folder) => {
    const path = `${folder}/x.json`;
    Deno.writeTextFileSync(path, OLDER);
    await assertRejects(
      async () => {
        using file = await start(path);
        for (let id = 0; id < 1_000; id++) file.add(fill(id));
        assertEquals([...Deno.readDirSync(folder)].length, 2);
        throw new Error("a line that cannot be used");
      },
      Error,
      "a line that cannot be used",
    );
    assertEquals(Deno.readTextFileSync(path), OLDER);
  });
  assertEquals(names, ["x.json"]);
});

Deno.test("ResultFile may be disposed of twice, and after it is finished", async () => {
  const names = await inFolder(async (folder) => {
    const [one, other] = [await start(`${folder}/1`), await start(`${folder}/2`)];
    await one.finish(SUMMARY, RESULTS);
    for (const file of [one, one, other, other]) file[Symbol.dispose]();
  });
  assertEquals(names, ["1"]);
});

Deno.test("ResultFile writes fills as they arrive: of 200,000, at most 64 KiB are waiting", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/x.json`;
    using file = await start(path);
    const size = JSON.stringify(fill(100_001)).length;
    for (let id = 100_001; id <= 300_000; id++) {
      file.add(fill(id));
      if (id % 5_000 > 0) continue;
      const written = Deno.statSync(`${path}.${Deno.pid}.partial`).size;
      assertLess((id - 100_000) * size - written, 64 * 1024);
    }
    await file.finish(SUMMARY, RESULTS);
    const { fills } = JSON.parse(Deno.readTextFileSync(path));
    assertEquals([fills.length, fills[0], fills.at(-1)], [200_000, fill(100_001), fill(300_000)]);
  });
});

Deno.test("ResultFile writes 200,000 fills, 44 MB, in a heap of 24 MB", async () => {
  await inFolder(async (folder) => {
    const size = await evaluate(
      `
      using file = await start("${folder}/x.json");
      for (let tradeId = 0; tradeId < 200_000; tradeId++) file.add({ ...fill, tradeId });
      await file.finish(SUMMARY, results);
      console.log(Deno.statSync("${folder}/x.json").size);`,
      "--v8-flags=--max-old-space-size=24",
    );
    assertEquals(Math.round(Number(size) / 1e6), 44);
  });
});

for (const fills of [0, 10_000]) {
  Deno.test({
    name: `ResultFile reports a full device, with ${fills} fills`,
    // Only Linux has a device that is always full.
    ignore: Deno.build.os !== "linux",
    async fn() {
      const printed = await evaluate(`
        try {
          using file = await start("/dev/full");
          for (let n = 0; n < ${fills}; n++) file.add(fill);
          await file.finish(SUMMARY, results);
        } catch (error) {
          console.log(\`\${error.name}: \${error.message}\`);
        }`);
      assertStringIncludes(
        printed,
        "ResultFileError: the result cannot be written to /dev/full: No space left on device",
      );
    },
  });
}

Deno.test({
  name: "ResultFile reports that there is no space for its fills, and leaves nothing behind",
  ignore: Deno.build.os === "windows",
  async fn() {
    const names = await inFolder(async (folder) => {
      // A limit on the size of files causes an error like that of a full disk.
      const printed = await evaluate(
        `
        try {
          using file = await start("${folder}/x.json");
          for (let n = 0; n < 400_000; n++) file.add(fill);
          console.log("not reached");
        } catch (error) {
          console.log(\`\${error.name}: \${error.message}\`);
        }`,
        "limited",
      );
      assertEquals(
        printed,
        `ResultFileError: the result cannot be written to ${folder}/x.json: File too large (os error 27)`,
      );
    });
    assertEquals(names, []);
  },
});
