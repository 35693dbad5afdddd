/** `deno task test:files` with test files made up to pass, to fail, and to be impossible to load. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
/** The runner's own command line, without the variable before it. */
const [, ...ARGS] = tasks["test:files"].command.replace(/^DENO_JOBS=\d+ /, "").split(" ");

const PASSES = `Deno.test("passes", () => {});`;
const FILES: Readonly<Record<string, string>> = {
  "good/first_test.ts": `${PASSES}\nDeno.test("env", () => { Deno.env.get("HOME"); });`,
  "good/second_test.ts": PASSES,
  "good/not_of_tests.ts": "throw new Error('imported');",
  "failing/first_test.ts": PASSES,
  "failing/second_test.ts": `// A line before.
Deno.test("fails", () => {
  throw new Error("this is wrong");
});
Deno.test("leaks", () => {
  setInterval(() => {}, 60_000);
});`,
  "throwing/second_test.ts": `throw "a text";`,
  "throwing/third_test.ts": PASSES,
  "broken/second_test.ts": "const = ;",
  "broken/third_test.ts": PASSES,
  "lacking/second_test.ts": `import "./not_here.ts";`,
  "lacking/third_test.ts": `import "./not_here.ts";`,
  "lacking/fourth_test.ts": PASSES,
  "endless/first_test.ts": PASSES,
  "endless/second_test.ts": `Deno.test("ends only if it is stopped", async () => {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.env.get("STARTED_PORT")) });
  await conn.read(new Uint8Array(1));
});`,
};

/** A folder with the made-up files, and an empty one for temporary files. */
function madeUp(): { path: (name: string) => string; leftOver: () => string[] } & Disposable {
  const folder = Deno.makeTempDirSync();
  for (const [name, source] of Object.entries(FILES)) {
    Deno.mkdirSync(`${folder}/${name.split("/")[0]}`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/${name}`, source);
  }
  Deno.mkdirSync(`${folder}/temporary`);
  return {
    path: (name) => `${folder}/${name}`,
    leftOver: () => Array.from(Deno.readDirSync(`${folder}/temporary`), ({ name }) => name),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** The runner with these arguments after the task's own. */
function runner(temporary: string, args: readonly string[], port = 0): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...ARGS, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", TMPDIR: temporary, TMP: temporary, STARTED_PORT: String(port) },
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(names: readonly string[], options: readonly string[] = []) {
  using files = madeUp();
  const { code, stdout } = await runner(
    files.path("temporary"),
    [...names.map((name) => files.path(name)), ...options],
  ).output();
  const text = new TextDecoder().decode(stdout);
  const summary = /^(ok|FAILED) \| .* failed.*?(?= \()/m.exec(text)?.[0];
  return { code, text, summary, leftOver: files.leftOver() };
}

Deno.test("test:files runs the tests of a folder and of a file, leaves nothing behind, and passes options on", async () => {
  const all = await run(["good", "failing/first_test.ts"]);
  assertEquals([all.code, all.summary, all.leftOver], [0, "ok | 4 passed | 0 failed", []], all.text);
  const some = await run(["good"], ["--filter", "env"]);
  assertEquals([some.code, some.summary], [0, "ok | 1 passed | 0 failed | 2 filtered out"], some.text);
});

Deno.test("test:files names the test's own file and line where one fails or leaks", async () => {
  const { code, text, summary, leftOver } = await run(["failing", "good"]);
  assertEquals([code, summary, leftOver], [1, "FAILED | 4 passed | 2 failed", []], text);
  const failures = text.slice(text.indexOf(" FAILURES "));
  assertStringIncludes(failures, "failing/second_test.ts:2:6");
  assertStringIncludes(failures, "failing/second_test.ts:5:6");
  assertStringIncludes(text, "failing/second_test.ts:3:9");
});

for (const kind of ["throwing", "broken", "lacking"]) {
  Deno.test(`test:files fails and names the file where one of an isolate is ${kind}, and runs the others`, async () => {
    for (const options of [[], ["--filter", "passes"]]) {
      const { code, text, summary, leftOver } = await run([kind, "good"], options);
      const skipped = options.length > 0 ? " | 1 filtered out" : "";
      const passed = options.length > 0 ? 3 : 4;
      assertEquals(
        [code, summary, leftOver],
        [1, `FAILED | ${passed} passed | 1 failed${skipped}`, []],
        text,
      );
      assertStringIncludes(text, `${kind}/second_test.ts cannot be loaded`);
    }
  });
}

Deno.test("test:files fails where an argument names no file", async () => {
  const { code, text } = await run(["good/third_test.ts"]);
  assert(code !== 0, text);
});

Deno.test({
  name: "test:files removes its folder when it is asked to end",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      using files = madeUp();
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const args = [files.path("endless"), files.path("good")];
      const child = runner(files.path("temporary"), args, listener.addr.port).spawn();
      using _started = await listener.accept();
      assertEquals(files.leftOver().length, 1);
      child.kill(signal);
      const { code } = await child.output();
      assert(code !== 0);
      assertEquals(files.leftOver(), []);
    }
  },
});
