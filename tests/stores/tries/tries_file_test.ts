import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { addTries, checkTries, forgetTries, TriesError } from "../../../src/stores/tries/tries_file.ts";
import { contentOf, inDataFolder } from "../../support/data_folder.ts";

const TRADES = {
  digest: "00112233445566ff",
  symbol: "BTCUSDT",
  trades: 5,
  from: "2025-01-01T00:00:00Z",
  to: "2025-01-02T00:00:00Z",
} as const;
const OTHER = { ...TRADES, digest: "ffffffffffffffff", symbol: "ETHUSDT" } as const;

/** Calls `test` with the path of tries in their own folder. */
async function withTries(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "penstock-tries-" });
  try {
    await test(`${folder}/data/tries.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `{"long":${from + n}}`);

Deno.test("addTries() counts each configuration once for each set of trades", () =>
  withTries(async (path) => {
    assertEquals(await addTries(path, TRADES, numbered(0, 10)), 10);
    assertEquals(await addTries(path, TRADES, numbered(5, 10)), 15);
    assertEquals(await addTries(path, OTHER, numbered(0, 3)), 3);
    assertEquals(await addTries(path, TRADES, numbered(0, 1)), 15);
    const { trades } = JSON.parse(Deno.readTextFileSync(path));
    assertEquals(Object.keys(trades), [TRADES.digest, OTHER.digest]);
    const { tried, ...facts } = trades[TRADES.digest];
    const { digest: _, ...known } = TRADES;
    assertEquals(facts, { ...known, configurations: 15 });
    assertEquals(tried.length, 8 * 15);
  }));

Deno.test("addTries() loses nothing when sweeps end at the same time", () =>
  withTries(async (path) => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => addTries(path, TRADES, numbered(100 * n, 7))));
    assertEquals(await addTries(path, TRADES, []), 84);
    assertEquals([...Deno.readDirSync(path.replace("/tries.json", ""))].map(({ name }) => name).sort(), [
      ...["tries.json", "tries.json.lock"],
    ]);
  }));

Deno.test("addTries() waits for a process that holds the file, and adds to what it wrote", () =>
  withTries(async (path) => {
    await addTries(path, TRADES, numbered(0, 4));
    const written = Deno.readTextFileSync(path);
    await forgetTries(path, TRADES.digest);
    using other = Deno.openSync(`${path}.lock`, { write: true });
    other.lockSync(true);
    const adding = addTries(path, TRADES, numbered(10, 3));
    // Time enough to write without waiting.
    await new Promise((resolve) => setTimeout(resolve, 30));
    Deno.writeTextFileSync(path, written);
    other.unlockSync();
    assertEquals(await adding, 7);
  }));

Deno.test({
  name: "addTries() keeps files that only their owner can use",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withTries(async (path) => {
      await addTries(path, TRADES, ["{}"]);
      const modes = [path, `${path}.lock`, path.replace("/tries.json", "")].map((name) =>
        Deno.statSync(name).mode! & 0o777
      );
      assertEquals(modes, [0o600, 0o600, 0o700]);
    }),
});

Deno.test("forgetTries() forgets the tries on these trades and no others", () =>
  withTries(async (path) => {
    assertEquals(await forgetTries(path, TRADES.digest), 0);
    await addTries(path, TRADES, numbered(0, 4));
    await addTries(path, OTHER, numbered(0, 2));
    assertEquals(await forgetTries(path, TRADES.digest), 4);
    assertEquals(await addTries(path, TRADES, numbered(0, 1)), 1);
    assertEquals(await addTries(path, OTHER, []), 2);
  }));

Deno.test("tries that cannot be read are named, and the file stays as it is", () =>
  withTries(async (path) => {
    await addTries(path, TRADES, ["{}"]);
    const whole = Deno.readTextFileSync(path);
    const cases = [
      [
        whole.slice(0, -20),
        "it is not JSON. Restore it from a copy, or remove it: then counting starts again",
      ],
      ["", "it is empty"],
      ["[1, 2]", `its "schema" is not "penstock-tries"`],
      ["null", `its "schema" is not "penstock-tries"`],
      [
        whole.replace(`"version": 1`, `"version": 2`),
        "it is of version 2, but this Penstock knows version 1",
      ],
      [whole.replace(/"tried": "../, `"tried": "!`), `its entry "${TRADES.digest}" cannot be read`],
      [whole.replace(/"configurations": 1/, `"configurations": "1"`), `its entry "${TRADES.digest}" cannot`],
      [whole.replace(TRADES.digest, "x"), `its entry "x" cannot be read`],
      [`{"schema":"penstock-tries","version":1}`, `it has no "trades"`],
    ] as const;
    for (const [text, expected] of cases) {
      Deno.writeTextFileSync(path, text);
      for (
        const act of [
          () => checkTries(path),
          () => addTries(path, TRADES, ["{}"]),
          () => forgetTries(path, TRADES.digest),
        ]
      ) {
        const { message, exit } = await assertRejects(act, TriesError);
        assertEquals(exit, "failure");
        assertStringIncludes(
          message,
          `${path}, which counts the configurations tried on the same trades, cannot be`,
        );
        assertStringIncludes(message, expected);
      }
      assertEquals(Deno.readTextFileSync(path), text);
    }
  }));

Deno.test("tries that cannot be written leave the file as it was", () =>
  withTries(async (path) => {
    await addTries(path, TRADES, ["{}"]);
    const before = Deno.readTextFileSync(path);
    Deno.mkdirSync(`${path}.partial`);
    await assertRejects(() => addTries(path, TRADES, numbered(0, 3)), TriesError, "cannot be used: ");
    assertEquals(Deno.readTextFileSync(path), before);
  }));

Deno.test("checkTries() creates the folder and no tries", () =>
  withTries(async (path) => {
    await checkTries(path);
    const folder = path.replace("/tries.json", "");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["tries.json.lock"]);
    await assertRejects(
      () => checkTries(path.replace("/data/", "/data/none/none/")),
      TriesError,
      "cannot be used: ",
    );
  }));

Deno.test({
  name: "tries refuse a link that leads out of data, and nothing is touched",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDataFolder(async (inside, outside) => {
      Deno.writeTextFileSync(`${outside}/other`, "other");
      const before = contentOf(outside);
      for (const name of ["tries.json", "tries.json.lock", "tries.json.partial"]) {
        Deno.symlinkSync(`${outside}/other`, `${inside}/${name}`);
        await assertRejects(() => addTries(`${inside}/tries.json`, TRADES, ["{}"]), TriesError, "link");
        Deno.removeSync(`${inside}/${name}`);
      }
      assertEquals(contentOf(outside), before);
      assert(await addTries(`${inside}/tries.json`, TRADES, ["{}"]) === 1);
    }),
});
