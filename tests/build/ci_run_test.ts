/** `.ci/run` with steps made up to fail: what it prints at its end, and how it counts. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url).pathname;
/** All that `.ci/run` may find: no package manager, which would install what is missing. */
const PROGRAMS = [..."awk bash cat dirname head id mktemp rm sed tee touch wc".split(" ")];
const STEPS = [...Deno.readTextFileSync(`${ROOT}.ci/run`).matchAll(/^step (\S+)/gm)].map(([, name]) => name!);

const TESTS: Readonly<Record<string, string>> = {
  "fails_test.ts": `
    Deno.test("a test that passes", () => {});
    Deno.test("a test that fails", () => {
      throw new Error("first line\\n\\nafter a blank line");
    });
    Deno.test("a test with a long error", () => {
      throw new Error(Array.from({ length: 99 }, (_, i) => "row " + i).join("\\n"));
    });
    Deno.test({ name: "a skipped test", ignore: true, fn() {} });`,
  "uncaught_test.ts": `
    Deno.test("a test whose timer throws", async () => {
      setTimeout(() => {
        throw new Error("nobody caught this");
      });
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
    Deno.test("a test that never ran", () => {});`,
  "throws_test.ts": `
    throw new Error("thrown while it was loaded");
    Deno.test("a test that was never registered", () => {});`,
  "missing_test.ts": `import "./not_here.ts";`,
};

/** Runs `.ci/run` with these steps, each a line of shell, beside the made-up tests. */
async function run(steps: Readonly<Record<string, string>>): Promise<{ code: number; lines: string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["bin", "tests", ".ci"]) await Deno.mkdir(`${folder}/${name}`);
    for (const name of ["run", "failures.awk"]) {
      await Deno.copyFile(`${ROOT}.ci/${name}`, `${folder}/.ci/${name}`);
    }
    const path = Deno.env.get("PATH")!.split(":");
    for (const name of PROGRAMS) {
      const found = path.map((at) => `${at}/${name}`).find((file) => {
        try {
          return Deno.statSync(file).isFile;
        } catch {
          return false;
        }
      });
      await Deno.symlink(found!, `${folder}/bin/${name}`);
    }
    const script = (name: string, line: string) =>
      Deno.writeTextFile(`${folder}/bin/${name}`, `#!${folder}/bin/bash\n${line}\n`, { mode: 0o755 });
    await script("npx", `echo "${folder}/bin/gate-deno"`);
    await script("gate-deno", `. "${folder}/bin/$2"`);
    await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
    for (const step of STEPS) {
      await Deno.writeTextFile(`${folder}/bin/${step}`, `${steps[step] ?? "true"}\n`);
    }
    for (const [name, source] of Object.entries(TESTS)) {
      await Deno.writeTextFile(`${folder}/tests/${name}`, source);
    }
    const { code, stdout } = await new Deno.Command(`${folder}/bin/bash`, {
      args: [`${folder}/.ci/run`],
      clearEnv: true,
      env: { PATH: `${folder}/bin`, NO_COLOR: "1" },
    }).output();
    return { code, lines: new TextDecoder().decode(stdout).trimEnd().split("\n") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const deno = (...files: readonly string[]) =>
  `cd tests && DENO_JOBS=2 deno test -q --no-check --no-config --parallel ${files.join(" ")}`;

Deno.test("the gate's steps are those of deno task ok, with the three parts of the tests as separate steps", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const parts = (name: string): string[] =>
    tasks[name].command.split(/ &&? /).map((part: string) => part.replace("deno task ", ""));
  assertEquals(STEPS, parts("ok").flatMap((name) => name === "test" ? parts(name) : name));
});

Deno.test({
  name:
    "the gate repeats every failure at its end: errors, names, tests that never ran, and steps without a summary",
  ignore: Deno.build.os === "windows",
  async fn() {
    const { code, lines } = await run({
      "check:static": "for n in 1 2 3; do echo problem $n; done; false",
      "test:files": deno("fails_test.ts", "uncaught_test.ts"),
      "test:memory": deno("missing_test.ts"),
      "test:browser": "echo starting; kill -9 $BASHPID",
      "test:doc": "echo 'ok | 7 passed (1 step) | 0 failed | 2 ignored (3ms)'",
    });
    assertEquals(code, 1);
    const end = lines.slice(lines.indexOf("What failed:"));
    const names = end.slice(-9);
    assertEquals(
      names.map((name) => name.replace(/:\d+:\d+| \(\d+ms\)/g, "")),
      [
        "  step check:static, exit code 1",
        "  a test that fails => ./fails_test.ts",
        "  a test with a long error => ./fails_test.ts",
        "  ./uncaught_test.ts (uncaught error)",
        "  ./uncaught_test.ts => a test whose timer throws ... cancelled",
        "  ./uncaught_test.ts => a test that never ran ... cancelled",
        "  step test:memory, exit code 1, no summary of its tests",
        "  step test:browser, exit code 137, no summary of its tests",
        "8 passed, 7 failed, 3 skipped",
      ],
    );
    const errors = end.slice(0, -9).join("\n");
    for (
      const text of [
        "problem 1\nproblem 2\nproblem 3\n\n",
        "error: Error: first line\n\nafter a blank line\n",
        "row 40\n",
        "lines more, above\n\n./uncaught_test.ts (uncaught error)\nerror: Error: nobody caught this\n",
        'error: Module not found "',
        "\n\nstarting\n",
      ]
    ) assertStringIncludes(errors, text);
    assert(!errors.includes("row 98"), errors);
  },
});

Deno.test({
  name:
    "the gate counts a file that throws while it loads, and continues; it mentions failures only if there are any",
  ignore: Deno.build.os === "windows",
  async fn() {
    const failed = await run({ "test:files": deno("throws_test.ts") });
    assertEquals(failed.code, 1);
    assertEquals(failed.lines.slice(-2), [
      "  ./throws_test.ts (uncaught error)",
      "0 passed, 1 failed",
    ]);
    assertStringIncludes(failed.lines.join("\n"), "thrown while it was loaded");
    const passed = await run({ "test:doc": "echo 'ok | 7 passed | 0 failed (3ms)'" });
    assertEquals([passed.code, passed.lines.at(-1)], [0, "7 passed, 0 failed"]);
    assert(!passed.lines.includes("What failed:"));
    const none = await run({});
    assertEquals([none.code, none.lines.slice(-2)], [1, ["no test ran", "0 passed, 0 failed"]]);
  },
});
