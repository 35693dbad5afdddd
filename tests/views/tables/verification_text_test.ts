import { assertEquals, assertMatch } from "@std/assert";
import type { Difference, Verified } from "../../../src/domain/run/verification.ts";
import { outcomeJson, outcomeText } from "../../../src/views/tables/verification_text.ts";

const PASSED_OVER = [{ folder: "rec", reason: "of run 1", names: ["3.txt"] }];
const COMPARED = { journal: "a.db", recordings: ["1.txt", "2.txt"], passedOver: PASSED_OVER, elapsedMs: 500 };
const VERIFIED: Verified = {
  type: "verified",
  chained: 1_300,
  run: 2,
  entries: 1_234,
  trades: 1_000_000,
  fills: 1,
  from: 1_723_161_255_342_123,
  to: 1_723_161_256_000_000,
};
const DIFFERENCE: Difference = {
  type: "difference",
  run: 1,
  what: "Entry 7 (fill) is not what the recording leads to.",
  entry: 7,
  tradeId: 12,
  at: { recording: "1.txt", line: 34 },
  journal: { type: "fill", price: "1" },
  derived: { type: "fill", price: "2" },
  before: [
    {
      entry: 5,
      decision: { type: "connected", time: "2024-08-08T23:54:15.342123Z", endpoint: "ws://x/\x1b[2J" },
    },
    { entry: 6, decision: { type: "signal", time: "2024-08-08T23:54:15.342123Z", side: "buy" } },
  ],
};

Deno.test("outcomeText() shows in one line what was verified, and for which files", () => {
  assertEquals(
    outcomeText(VERIFIED, COMPARED),
    "Verified in 0.5 s: a.db is intact, and all 1,234 entries of run 2, with 1 fill in 1,000,000 trades from " +
      "2024-08-08T23:54:15.342123Z to 2024-08-08T23:54:16.000000Z, follow from 2 recordings",
  );
  assertEquals(
    outcomeText({ ...VERIFIED, trades: 0, fills: 0, from: null, to: null }, {
      ...COMPARED,
      recordings: ["1.txt"],
    }),
    "Verified in 0.5 s: a.db is intact, and all 1,234 entries of run 2, with 0 fills in 0 trades, follow from 1.txt",
  );
});

Deno.test("outcomeText() shows a difference after the decisions before it, and escapes what steers a terminal", () => {
  assertEquals(outcomeText(DIFFERENCE, COMPARED).split("\n"), [
    "Difference in run 1 of a.db: Entry 7 (fill) is not what the recording leads to.",
    "  at       entry 7, trade 12, 1.txt line 34",
    `  before   entry 5, as derived: {"type":"connected","time":"2024-08-08T23:54:15.342123Z","endpoint":"ws://x/\\u001b[2J"}`,
    `           entry 6, as derived: {"type":"signal","time":"2024-08-08T23:54:15.342123Z","side":"buy"}`,
    `  journal  {"type":"fill","price":"1"}`,
    `  derived  {"type":"fill","price":"2"}`,
  ]);
  const bare = {
    ...DIFFERENCE,
    entry: null,
    tradeId: null,
    at: null,
    journal: null,
    derived: null,
    before: [],
  };
  assertMatch(outcomeText(bare, COMPARED), /^Difference in run 1 of a\.db: [^\n]+$/);
});

Deno.test("outcomeJson() returns the same as one object, with times as in events", () => {
  assertEquals(JSON.parse(outcomeJson(VERIFIED, COMPARED)), {
    type: "verified",
    time: "2024-08-08T23:54:16.000000Z",
    journal: "a.db",
    recordings: ["1.txt", "2.txt"],
    passedOver: PASSED_OVER,
    run: 2,
    entries: 1_234,
    chained: 1_300,
    trades: 1_000_000,
    fills: 1,
    from: "2024-08-08T23:54:15.342123Z",
    to: "2024-08-08T23:54:16.000000Z",
    elapsedMs: 500,
    tradesPerSecond: 2_000_000,
  });
  const { at, journal, derived, ...rest } = DIFFERENCE;
  assertEquals(JSON.parse(outcomeJson(DIFFERENCE, COMPARED)), {
    ...rest,
    journal: "a.db",
    recordings: ["1.txt", "2.txt"],
    passedOver: PASSED_OVER,
    recording: at!.recording,
    line: at!.line,
    journalSays: journal,
    derived,
  });
});
