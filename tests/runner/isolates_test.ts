/** Which test files share an isolate. */
import { assert, assertEquals } from "@std/assert";
import { isolatesOf, LEFT_OUT, LONG, SHARED_BYTES, type TestFile } from "./isolates.ts";

const ROOT = new URL("../../", import.meta.url);
const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));

const file = (path: string, bytes = 1_000): TestFile => ({ path, bytes });

Deno.test("files of a folder share an isolate up to a limit, however deep they are, and keep their order", () => {
  const files = [
    file("tests/views/chart/b_test.ts"),
    file("tests/main_test.ts"),
    file("tests/views/a_test.ts", SHARED_BYTES - 1_000),
    file("tests/domain/c_test.ts", 2_500),
    file("tests/views/d_test.ts"),
    file("elsewhere/folder/e_test.ts", 500),
  ];
  assertEquals(isolatesOf(files), [
    { name: "views", paths: ["tests/views/chart/b_test.ts", "tests/views/a_test.ts"] },
    { name: "c_test", paths: ["tests/domain/c_test.ts"] },
    { name: "main_test", paths: ["tests/main_test.ts"] },
    { name: "d_test", paths: ["tests/views/d_test.ts"] },
    { name: "e_test", paths: ["elsewhere/folder/e_test.ts"] },
  ]);
});

Deno.test("long files come first, in the order of their list, and alone; all others once", () => {
  const [first, second] = LONG;
  const files = [file(second!), file("tests/stages/a_test.ts", SHARED_BYTES * 2), file(first!)];
  assertEquals(isolatesOf(files).map(({ paths }) => paths), [
    [first!],
    [second!],
    ["tests/stages/a_test.ts"],
  ]);
  assertEquals(isolatesOf([]), []);
});

Deno.test("every file that is named as long or left out is there, and a left-out one has its task", () => {
  for (const path of [...LONG, ...Object.keys(LEFT_OUT)]) assert(Deno.statSync(new URL(path, ROOT)).isFile);
  for (const [path, [task]] of Object.entries(LEFT_OUT)) {
    assert(tasks[task].command.split(" ").includes(path), `${task} does not run ${path}`);
  }
  const { command } = tasks["test:memory"];
  for (const path of command.split(" ").filter((part: string) => part.startsWith("tests/"))) {
    assert(Object.hasOwn(LEFT_OUT, path), `${path} runs twice`);
  }
});
