/**
 * Runs the compiled program in a sandbox like the container, against an exchange that it takes for the real one, and
 * tries everything that it must not be able to do.
 */
import { assert, assertEquals } from "@std/assert";
import { compile } from "./compiled.ts";
import { lockdown, missing } from "./lockdown.ts";
import { ATTEMPTS } from "./probe.ts";
import type { Row } from "./scene.ts";

const lacking = missing();
const PROBED = Object.keys(ATTEMPTS).map((name) => `code in its place: ${name}`);

/** The attempts in SECURITY.md's table of the lockdown, in order. */
function documented(): string[] {
  const text = Deno.readTextFileSync(new URL("../../SECURITY.md", import.meta.url));
  const [, table = ""] = /^### What the lockdown tries\n([^]*?)(?=^##|(?![^]))/m.exec(text) ?? [];
  const rows = table.split("\n").filter((line) => line.startsWith("|")).slice(2);
  return rows.map((row) => row.split("|")[1]!.trim().replaceAll("`", ""));
}

Deno.test({
  name: lacking === null
    ? "the locked program trades, stops and resumes, and every way out is denied by name"
    : `the locked program in its sandbox: skipped, there is no ${lacking}`,
  ignore: lacking !== null,
  fn: async (t) => {
    const rows: Row[] = [];
    for await (const row of lockdown(await compile())) {
      rows.push(row);
      await t.step(`${row.attempt}: ${row.expected}`, () => assert(row.isAsExpected, row.seen));
    }
    // The scene did not end early, and the code in the program's place tried everything.
    const tried = rows.map(({ attempt }) => attempt);
    assertEquals(tried.slice(-PROBED.length), PROBED);
    assert(tried.length >= PROBED.length + 41, `${tried.length} attempts`);
    // SECURITY.md has exactly one row for each.
    assertEquals(documented(), tried);
  },
});
