import { assertStringIncludes } from "@std/assert";
import { V8_FLAGS } from "../../build/binary.ts";

Deno.test("the tasks that run a stream, or examine its journal, keep V8's heap as small as the compiled program does", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  for (const task of ["run", "start", "demo", "doctor", "bench"]) {
    assertStringIncludes(tasks[task].command, ` --v8-flags=${V8_FLAGS.join(",")} `);
  }
});
