import { assert, assertEquals } from "@std/assert";
import { fail, pass } from "../../../src/domain/process/check_result.ts";
import { checkTable, conclusion } from "../../../src/views/tables/check_table.ts";

Deno.test("checkTable() has a line for each check with its advice below, and leaves failures to standard error", () => {
  const findings = [
    pass("permission", "network a:443", "granted"),
    fail("a:443", "DNS, TCP", "nothing answers", "See to the network"),
    pass("clock", "", "2 ms ahead"),
  ];
  assertEquals(checkTable(findings).split("\n"), [
    "  ok    permission network a:443  granted",
    "  FAIL  a:443 DNS, TCP            nothing answers",
    "                                  → See to the network",
    "  ok    clock                     2 ms ahead",
  ]);
});

Deno.test("checkTable() breaks lines between words if the terminal is too narrow for them", () => {
  const findings = [
    pass("permission", "network a:443", "granted"),
    fail("a:443", "DNS, TCP", "nothing answers there", "See to the network first"),
  ];
  assertEquals(checkTable(findings, 66).split("\n"), [
    "  ok    permission network a:443  granted",
    "  FAIL  a:443 DNS, TCP            nothing answers there",
    "                                  → See to the network first",
  ]);
  assertEquals(checkTable(findings, 32).split("\n"), [
    "  ok    permission network a:443",
    "        granted",
    "  FAIL  a:443 DNS, TCP",
    "        nothing answers there",
    "        → See to the network",
    "          first",
  ]);
  const long = pass("clock", "", "0123456789 ".repeat(6).trim());
  assertEquals(checkTable([long], 60).split("\n").slice(0, 2), [
    "  ok    clock  0123456789 0123456789 0123456789 0123456789",
    "               0123456789 0123456789",
  ]);
});

Deno.test("checkTable() lets no received text steer the terminal", () => {
  assert(!checkTable([fail("h", "HTTP", "\x1b[2J", "\x07")]).match(/[^\P{Cc}\n]/u));
});

Deno.test("conclusion() reports that all checks pass only if they do", () => {
  assertEquals(conclusion([pass("a", "", "b")]), "All checks pass.");
  assertEquals(checkTable([pass("a", "", "b")]).split("\n").at(-1), "All checks pass.");
  assertEquals(conclusion([fail("a", "", "b", "c")]), "1 of 1 checks fails");
});
