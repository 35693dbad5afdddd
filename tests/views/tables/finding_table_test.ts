import { assert, assertEquals } from "@std/assert";
import { bad, good } from "../../../src/domain/process/finding.ts";
import { findingTable, verdict } from "../../../src/views/tables/finding_table.ts";

Deno.test("findingTable() has a line for each finding, what to do below it, and leaves it to standard error that some fail", () => {
  const findings = [
    good("permission", "network a:443", "granted"),
    bad("a:443", "DNS, TCP", "nothing answers", "See to the network"),
    good("clock", "", "2 ms ahead"),
  ];
  assertEquals(findingTable(findings).split("\n"), [
    "  ok    permission network a:443  granted",
    "  FAIL  a:443 DNS, TCP            nothing answers",
    "                                  → See to the network",
    "  ok    clock                     2 ms ahead",
  ]);
});

Deno.test("findingTable() lets nothing that was received steer the terminal", () => {
  assert(!findingTable([bad("h", "HTTP", "\x1b[2J", "\x07")]).match(/[^\P{Cc}\n]/u));
});

Deno.test("verdict() says that all checks pass only where they do", () => {
  assertEquals(verdict([good("a", "", "b")]), "All checks pass.");
  assertEquals(findingTable([good("a", "", "b")]).split("\n").at(-1), "All checks pass.");
  assertEquals(verdict([bad("a", "", "b", "c")]), "1 of 1 checks fails");
});
