/**
 * The whole path under lock: the compiled program in a sandbox like the container, against an exchange that it takes
 * for the real one; and everything that it must not be able to do.
 */
import { assert, assertEquals } from "@std/assert";
import { compile } from "./compiled.ts";
import { lockdown, missing } from "./lockdown.ts";
import type { Row } from "./scene.ts";

const lacking = missing();

Deno.test({
  name: lacking === null
    ? "the locked program trades, stops and goes on, and every way out is denied by name"
    : `the locked program in its sandbox: passed over, there is no ${lacking}`,
  ignore: lacking !== null,
  fn: async (t) => {
    const rows: Row[] = [];
    for await (const row of lockdown(await compile())) {
      rows.push(row);
      await t.step(`${row.attempt}: ${row.expected}`, () => assert(row.isAsExpected, row.seen));
    }
    // The scene has not ended early, and the code in the program's place has tried everything.
    assertEquals(rows.filter(({ attempt }) => attempt.startsWith("code in its place: ")).length, 17);
    assert(rows.length >= 17 + 20, `${rows.length} attempts`);
  },
});
