import { assertEquals, assertStringIncludes } from "@std/assert";
import { isHost, permissionFlags, V8_FLAGS } from "../../build/binary.ts";

Deno.test("the tasks that run a stream, or examine its journal, keep V8's heap as small as the compiled program does", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  for (const task of ["run", "start", "demo", "doctor", "bench"]) {
    assertStringIncludes(tasks[task].command, ` --v8-flags=${V8_FLAGS.join(",")} `);
  }
});

Deno.test("a program that is compiled for a database reaches that host and reads PGPASSWORD, and nothing more", () => {
  const [usual, more] = [permissionFlags("binance-us"), permissionFlags("binance-us", "db.internal:5432")];
  const added = more.flatMap((flag, at) => flag === usual[at] ? [] : [flag.replace(usual[at]!, "")]);
  assertEquals(added, [",db.internal:5432", ",PGPASSWORD"]);
  assertEquals(["db:1", "10.0.0.1:5432", "[::1]:5432"].map(isHost), [true, true, true]);
  for (
    const text of ["db", "db:", "*:5432", "db:5432,evil:1", "db:5432 evil", "-db:1", ":5432", "", "db:5432\n"]
  ) {
    assertEquals(isHost(text), false, text);
  }
});
