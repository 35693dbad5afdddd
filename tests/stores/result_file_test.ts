import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import type { FillEvent } from "../../src/domain/event.ts";
import { Money } from "../../src/domain/money.ts";
import type { Results } from "../../src/domain/performance.ts";
import {
  RESULT_VERSION,
  ResultFile,
  ResultFileError,
  type ResultHead,
} from "../../src/stores/result_file.ts";
import { METRICS, SUMMARY } from "../support/sample_metrics.ts";

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

/** How a result begins. */
const OLDER = `{"schema":"penstock-result"`;

/** Runs `test` in a folder of its own; returns the names left there. */
function inFolder(test: (folder: string) => void): string[] {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-result-" });
  try {
    test(folder);
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Runs a program of its own with every permission; returns its output. */
async function evaluate(code: string, ...flags: string[]): Promise<string> {
  const program = `import { ResultFile } from "${import.meta.resolve("../../src/stores/result_file.ts")}";
    import { METRICS, SUMMARY } from "${import.meta.resolve("../support/sample_metrics.ts")}";
    const head = ${JSON.stringify(HEAD)};
    const results = { metrics: METRICS, equityCurve: [], drawdownPeriods: [] };
    const fill = ${JSON.stringify(fill(1))};
    ${code}`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", new URL("../../deno.json", import.meta.url).pathname, ...flags, program],
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr).slice(0, 2_000));
  return new TextDecoder().decode(stdout).trim();
}

/** Everything in a JSON text, with the order of its keys. */
function keysOf(value: unknown): string[] {
  return Object.keys(value as object);
}

Deno.test("ResultFile writes what its schema says, in that order", () => {
  const names = inFolder((folder) => {
    const path = `${folder}/result.json`;
    using file = ResultFile.create(path, HEAD);
    for (const id of [1, 2, 3]) file.add(fill(id));
    file.finish(SUMMARY, RESULTS);
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

Deno.test("ResultFile without a fill, a point or a period is whole all the same", () => {
  inFolder((folder) => {
    using file = ResultFile.create(`${folder}/x.json`, HEAD);
    file.finish(SUMMARY, { metrics: METRICS, equityCurve: [], drawdownPeriods: [] });
    const { fills, equityCurve, drawdownPeriods } = JSON.parse(Deno.readTextFileSync(`${folder}/x.json`));
    assertEquals([fills, equityCurve, drawdownPeriods], [[], [], []]);
  });
});

Deno.test("ResultFile replaces results and empty files, and nothing else that has its name or that of its part", () => {
  inFolder((folder) => {
    const path = `${folder}/x.json`;
    for (const name of [path, `${path}.partial`]) {
      for (const content of ['{"schema":"penstock"}', "SQLite format 3\0", "x"]) {
        Deno.writeTextFileSync(name, content);
        assertThrows(
          () => ResultFile.create(path, HEAD),
          ResultFileError,
          `the result cannot be written to ${name}: a file that is no result is there`,
        );
        assertEquals(Deno.readTextFileSync(name), content);
      }
      Deno.writeTextFileSync(name, "");
    }
    using file = ResultFile.create(path, HEAD);
    Deno.writeTextFileSync(path, "made meanwhile");
    assertThrows(() => file.finish(SUMMARY, RESULTS), ResultFileError, "a file that is no result is there");
    assertEquals(Deno.readTextFileSync(path), "made meanwhile");
    Deno.removeSync(path);
  });
});

Deno.test("ResultFile has its name only once it is whole, and what had the name before stays until then", () => {
  inFolder((folder) => {
    const path = `${folder}/x.json`;
    Deno.writeTextFileSync(path, OLDER);
    using file = ResultFile.create(path, HEAD);
    file.add(fill(1));
    assertEquals(Deno.readTextFileSync(path), OLDER);
    file.finish(SUMMARY, RESULTS);
    assertEquals(JSON.parse(Deno.readTextFileSync(path)).fills.length, 1);
  });
});

Deno.test("ResultFile that is not finished leaves nothing behind, and what had the name before as it was", () => {
  const names = inFolder((folder) => {
    const path = `${folder}/x.json`;
    Deno.writeTextFileSync(path, OLDER);
    assertThrows(() => {
      using file = ResultFile.create(path, HEAD);
      for (let id = 0; id < 1_000; id++) file.add(fill(id));
      assertEquals([...Deno.readDirSync(folder)].length, 2);
      throw new Error("a line that cannot be used");
    }, "a line that cannot be used");
    assertEquals(Deno.readTextFileSync(path), OLDER);
  });
  assertEquals(names, ["x.json"]);
});

Deno.test("ResultFile may be disposed of twice, and after it is finished", () => {
  const names = inFolder((folder) => {
    const [one, other] = [ResultFile.create(`${folder}/1`, HEAD), ResultFile.create(`${folder}/2`, HEAD)];
    one.finish(SUMMARY, RESULTS);
    for (const file of [one, one, other, other]) file[Symbol.dispose]();
  });
  assertEquals(names, ["1"]);
});

Deno.test("ResultFile begins anew where an earlier run was killed", () => {
  const names = inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/x.json.partial`, `${OLDER},${" ".repeat(1_000_000)}`);
    using file = ResultFile.create(`${folder}/x.json`, HEAD);
    file.finish(SUMMARY, RESULTS);
    JSON.parse(Deno.readTextFileSync(`${folder}/x.json`));
  });
  assertEquals(names, ["x.json"]);
});

Deno.test("ResultFile writes fills as they come: of 200,000 no more than 64 KiB wait", () => {
  inFolder((folder) => {
    const path = `${folder}/x.json`;
    using file = ResultFile.create(path, HEAD);
    const size = JSON.stringify(fill(100_001)).length;
    for (let id = 100_001; id <= 300_000; id++) {
      file.add(fill(id));
      if (id % 5_000 > 0) continue;
      const written = Deno.statSync(`${path}.partial`).size;
      assertLess((id - 100_000) * size - written, 64 * 1024);
    }
    file.finish(SUMMARY, RESULTS);
    const { fills } = JSON.parse(Deno.readTextFileSync(path));
    assertEquals([fills.length, fills[0], fills.at(-1)], [200_000, fill(100_001), fill(300_000)]);
  });
});

Deno.test("ResultFile writes 200,000 fills, 44 MB, in a heap of 24 MB", async () => {
  const folder = await Deno.makeTempDir({ prefix: "penstock-result-" });
  try {
    const size = await evaluate(
      `
      using file = ResultFile.create("${folder}/x.json", head);
      for (let tradeId = 0; tradeId < 200_000; tradeId++) file.add({ ...fill, tradeId });
      file.finish(SUMMARY, results);
      console.log(Deno.statSync("${folder}/x.json").size);`,
      "--v8-flags=--max-old-space-size=24",
    );
    assertEquals(Math.round(Number(size) / 1e6), 44);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ResultFile.create() says that the folder does not exist", () => {
  inFolder((folder) => {
    const path = `${folder}/missing/x.json`;
    assertThrows(
      () => ResultFile.create(path, HEAD),
      ResultFileError,
      `the result cannot be written to ${path}: its folder does not exist`,
    );
  });
});

Deno.test("ResultFile.create() says in the system's words what else is wrong, with the path", () => {
  const names = inFolder((folder) => {
    const path = `${folder}/${"x".repeat(300)}`;
    const error = assertThrows(() => ResultFile.create(path, HEAD), ResultFileError);
    assertStringIncludes(error.message, `the result cannot be written to ${path}: File name too long`);
    assert(error.cause instanceof Error);
  });
  assertEquals(names, []);
});

Deno.test({
  name: "ResultFile.create() without permission says how to grant it",
  permissions: { write: false },
  fn() {
    assertThrows(
      () => ResultFile.create("out/x.json", HEAD),
      ResultFileError,
      "the result cannot be written to out/x.json: reading and writing there is not permitted: grant it " +
        "with --allow-read=out/x.json,out/x.json.partial --allow-write=out/x.json,out/x.json.partial",
    );
  },
});

Deno.test("ResultFile.create() refuses a folder before anything is written, there or not", () => {
  const names = inFolder((folder) => {
    Deno.mkdirSync(`${folder}/x.json`);
    Deno.symlinkSync(`${folder}/x.json`, `${folder}/y.json`);
    for (const path of ["x.json", "x.json/", "y.json", "none/", "."].map((name) => `${folder}/${name}`)) {
      assertThrows(
        () => ResultFile.create(path, HEAD),
        ResultFileError,
        `the result cannot be written to ${path}: it is a folder`,
      );
    }
    assertEquals([...Deno.readDirSync(`${folder}/x.json`)], []);
  });
  assertEquals(names, ["x.json", "y.json"]);
});

Deno.test("ResultFile.finish() says why where a folder took its name meanwhile, and leaves no part", () => {
  const names = inFolder((folder) => {
    const path = `${folder}/x.json`;
    using file = ResultFile.create(path, HEAD);
    Deno.mkdirSync(path);
    assertThrows(
      () => file.finish(SUMMARY, RESULTS),
      ResultFileError,
      `the result cannot be written to ${path}: Is a directory`,
    );
  });
  assertEquals(names, ["x.json"]);
});

for (const fills of [0, 10_000]) {
  Deno.test({
    name: `ResultFile on a full disk says so and leaves nothing behind, with ${fills} fills`,
    // Only Linux has a device that is always full.
    ignore: Deno.build.os !== "linux",
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "penstock-result-" });
      try {
        await Deno.symlink("/dev/full", `${folder}/x.json.partial`);
        const told = await evaluate(`
          try {
            using file = ResultFile.create("${folder}/x.json", head);
            for (let n = 0; n < ${fills}; n++) file.add(fill);
            if (${fills} > 0) console.log("not reached");
            file.finish(SUMMARY, results);
          } catch (error) {
            console.log(\`\${error.name}: \${error.message}\`);
          }`);
        assertStringIncludes(
          told,
          `ResultFileError: the result cannot be written to ${folder}/x.json: No space left on device`,
        );
        assert(!told.includes("not reached"));
        assertEquals([...Deno.readDirSync(folder)], []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
