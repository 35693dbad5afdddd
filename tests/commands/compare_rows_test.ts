import { assertEquals } from "@std/assert";
import { compareConfigurations, type SweptRows } from "../../src/commands/compare/sweep_rows.ts";

Deno.test("compareConfigurations() matches an option that varies in one sweep with its fixed value in the other", () => {
  const varying: SweptRows = {
    fixed: { long: 9 },
    rows: [3, 4].map((short) => ({ options: { short }, figures: { fills: short } })),
  };
  const fixed: SweptRows = {
    fixed: { short: 4 },
    rows: [9, 12].map((long) => ({ options: { long }, figures: { fills: long === 9 ? 4 : 7 } })),
  };
  assertEquals(compareConfigurations(varying, fixed), {
    same: 1,
    differing: [
      { options: { short: 3 }, figures: [], onlyIn: "a" },
      { options: { long: 12 }, figures: [], onlyIn: "b" },
    ],
  });
});
