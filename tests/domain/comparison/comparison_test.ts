import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Comparison, isAllTheSame } from "../../../src/domain/comparison/comparison.ts";
import { compareFigures, figuresIn } from "../../../src/domain/comparison/figure_comparison.ts";
import { Money } from "../../../src/domain/numbers/money.ts";

Deno.test("compareFigures() gives exact differences of numbers, and none of anything else", () => {
  const a = {
    cash: "9999.10000001",
    fills: 4,
    halted: false,
    sharpe: null,
    side: "buy",
    share: "0.1",
    only: 1,
  };
  const b = { share: "0.1", side: "sell", sharpe: "1.5", halted: true, fills: 2, cash: "10000.1", more: 1 };
  assertEquals(compareFigures(a, b), {
    rows: [
      { name: "cash", a: "9999.10000001", b: "10000.1", difference: "0.99999999" },
      { name: "fills", a: 4, b: 2, difference: "-2" },
      { name: "halted", a: false, b: true, difference: null },
      { name: "sharpe", a: null, b: "1.5", difference: null },
      { name: "side", a: "buy", b: "sell", difference: null },
      { name: "share", a: "0.1", b: "0.1", difference: null },
    ],
    onlyInA: ["only"],
    onlyInB: ["more"],
  });
});

Deno.test("compareFigures() adds up: A and the difference are B", () => {
  const amount = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((count) =>
    new Money(count).div(1e8).toFixed()
  );
  fc.assert(fc.property(amount, amount, (a, b) => {
    const [row] = compareFigures({ a }, { a: b }).rows;
    assertEquals(new Money(a).plus(row!.difference ?? 0).toFixed(), new Money(b).toFixed());
  }));
});

Deno.test("figuresIn() names the parts of parts, and leaves out lists", () => {
  assertEquals(
    figuresIn({ fills: 1, halt: null, maxDrawdown: { fraction: "0.1", at: { from: "x" } }, curve: [1] }),
    {
      fills: 1,
      halt: null,
      "maxDrawdown.fraction": "0.1",
      "maxDrawdown.at.from": "x",
    },
  );
  for (const value of [null, 3, "text", [1]]) assertEquals(figuresIn(value), {});
});

Deno.test("isAllTheSame() does not count what only one side has", () => {
  const head = { path: "a", kind: "result", version: "1", symbol: null, run: null } as const;
  const same: Comparison = {
    a: head,
    b: head,
    options: [],
    figures: { rows: [{ name: "cash", a: "1", b: "1", difference: null }], onlyInA: [], onlyInB: ["new"] },
    events: { kind: "fills", same: 3, first: null },
    configurations: { same: 2, differing: [] },
  };
  const row = { name: "long", a: 1, b: 2, difference: "1" };
  assertEquals(isAllTheSame(same), true);
  for (
    const changed of [
      { options: [row] },
      { figures: { ...same.figures, rows: [row] } },
      { events: { kind: "fills", same: 0, first: { number: 1, a: null, b: {} } } },
      { configurations: { same: 0, differing: [{ options: {}, figures: [], onlyIn: "a" }] } },
    ] as const
  ) assertEquals(isAllTheSame({ ...same, ...changed }), false);
});
