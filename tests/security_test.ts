/** SECURITY.md repeats nothing, and every behaviour in it has an existing test. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { hostsOf } from "../src/exchanges/hosts.ts";
import { RUNTIME_SETTINGS } from "../src/feeds/process/environment.ts";

const ROOT = new URL("../", import.meta.url);
const PAGE = Deno.readTextFileSync(new URL("SECURITY.md", ROOT));

/** The text below a heading, up to `end`. */
function partUnder(heading: string, end: string): string {
  const [, part] = PAGE.split(`\n${heading}\n`);
  assert(part !== undefined, `there is no "${heading}"`);
  return part.split(`\n${end}`)[0]!;
}

/** The items of all lists in a part, each on one line. */
function itemsOf(part: string): string[] {
  return [...part.matchAll(/^- .+(?:\n {2}.+)*/gm)].map(([item]) => item.slice(2).replaceAll(/\s+/g, " "));
}

/** An attempt, its outcome, the user's duty, and the tests. */
const ATTEMPT =
  /^\*\*(?<attempt>[^*]+\.)\*\* (?<happens>.+?\.)(?: Your duty: (?<duty>[^.].+?)\.)? Tests: (?<tested>.+)\.$/;

/** The names of the tests in a file, in any form. */
function testsIn(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  return [...text.matchAll(/(?:(?:Deno\.t|socketT|queueT)est\(\s*|\bname:\s*)(["`])(.+?)\1/g)].map((
    [, , name],
  ) => name!);
}

Deno.test("SECURITY.md names a test for every attempt, and each is in its file", () => {
  const items = itemsOf(partUnder("## Attempts", "### What the lockdown tries"));
  assertGreater(items.length, 45);
  const attempts = new Set<string>();
  const proofs = new Set<string>();
  for (const item of items) {
    const { attempt, happens, tested } = ATTEMPT.exec(item)?.groups ?? {};
    assert(attempt && happens && tested, `"${item}" is no attempt with what happens and its tests`);
    assert(!/Your duty|Tests:/.test(happens), `"${attempt}" does not say first what happens`);
    assert(!attempts.has(attempt), `"${attempt}" is listed twice`);
    attempts.add(attempt);
    const named = [...tested.matchAll(/`([^`]+)`: "([^"]+)"/g)];
    assertEquals(named.map(([all]) => all).join("; "), tested, attempt);
    for (const [, path, part] of named) {
      assert(testsIn(path!).some((name) => name.includes(part!)), `${path} has no test "…${part}…"`);
    }
    // Two attempts with exactly the same tests are one.
    const proof = named.map(([all]) => all).sort().join("; ");
    assert(!proofs.has(proof), `"${attempt}" is shown by what another attempt is shown by: ${proof}`);
    proofs.add(proof);
  }
});

Deno.test("SECURITY.md names a test for every promise, and makes no promise twice", () => {
  const promises = itemsOf(partUnder("## What is promised", "## "));
  assertGreater(promises.length, 6);
  const names = promises.map((promise) => /^\*\*([^*]+)\*\*/.exec(promise)?.[1] ?? promise);
  assertEquals(names, [...new Set(names)]);
  for (const promise of promises) assertMatch(promise, /`tests\/[\w/]+_test\.ts`/);
});

Deno.test("SECURITY.md names every host that the program reaches and every setting that it warns about", () => {
  const before = partUnder("## Before you let it in", "## ");
  for (const host of hostsOf("binance")) assert(before.includes(`\`${host}\``), host);
  const rows = partUnder("### The environment", "### ").split("\n").filter((line) => line.startsWith("|"));
  for (const { name } of RUNTIME_SETTINGS) {
    assertEquals(rows.filter((row) => row.split("|")[1]!.includes(`\`${name}\``)).length, 1, name);
  }
});

Deno.test("SECURITY.md names no missing file", () => {
  const named = [...PAGE.matchAll(/`((?:tests|build|std|deploy|src|docs|\.github)\/[^`\s]*)`/g)].map((
    [, path],
  ) => path!);
  assertGreater(named.length, 20);
  // Made by a switch, and committed where somebody has made it.
  for (const path of named.filter((path) => path !== "std/jsr.lock")) {
    assert(Deno.statSync(new URL(path, ROOT)), path);
  }
});
