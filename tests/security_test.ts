/** SECURITY.md names tests, by their files and a part of their names: each of them is there. */
import { assert, assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const PAGE = Deno.readTextFileSync(new URL("SECURITY.md", ROOT));

/** The cells of the table under a heading, row by row, without its two first lines. */
function tableUnder(heading: string): string[][] {
  const [, part = ""] = PAGE.split(`\n${heading}\n`);
  const lines = part.split(/^#/m)[0]!.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

/** The names of the tests in a file, in whatever form they are given. */
function testsIn(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  return [...text.matchAll(/(?:(?:Deno\.t|socketT)est\(\s*|\bname:\s*)(["`])(.+?)\1/g)].map(([, , name]) =>
    name!
  );
}

Deno.test("SECURITY.md names a test for every attempt, and each is in its file", () => {
  const rows = tableUnder("## Attempts");
  assertGreater(rows.length, 20);
  for (const [attempt, happens, tested, duty, ...more] of rows) {
    assert(attempt && happens && duty && more.length === 0, `"${attempt}" has no four cells`);
    const named = [...tested!.matchAll(/`([^`]+)`: "([^"]+)"/g)];
    assert(named.length > 0, `"${attempt}" is tested nowhere`);
    assertEquals(named.map(([all]) => all).join("; "), tested);
    for (const [, path, part] of named) {
      assert(testsIn(path!).some((name) => name.includes(part!)), `${path} has no test "…${part}…"`);
    }
  }
});

Deno.test("SECURITY.md names no file that is not there", () => {
  const named = [...PAGE.matchAll(/`((?:tests|build|std|deploy|src|docs|\.github)\/[^`\s]*)`/g)].map((
    [, path],
  ) => path!);
  assertGreater(named.length, 20);
  // Made by a switch, and committed where somebody has made it.
  for (const path of named.filter((path) => path !== "std/jsr.lock")) {
    assert(Deno.statSync(new URL(path, ROOT)), path);
  }
});
