import { assertEquals, assertMatch } from "@std/assert";
import type { HaltEvent } from "../../../src/domain/run/event.ts";
import { healthAnswer } from "../../../src/views/page/health.ts";
import { status } from "./followed_moments.ts";

const HALT: HaltEvent = {
  ...{ type: "halt", time: "2024-08-08T23:54:15.342123Z", symbol: "BTCUSDT", reason: "max-drawdown" },
  ...{ limit: "0.2", value: "0.21", tradeId: 7, action: "hold" },
};

Deno.test("healthAnswer() is 200 while every run is alive, connected and not halted", () => {
  const run = { problem: null, status: status() };
  assertEquals(healthAnswer([run, run]), {
    status: 200,
    body: "ok: run 1 in a.db is alive: its last heartbeat is 0 s old\n".repeat(2),
  });
});

const UNWELL: Readonly<Record<string, readonly [Parameters<typeof healthAnswer>[0][number], RegExp]>> = {
  "a heartbeat that is too old": [
    { problem: null, status: status({ state: "silent", ageMs: 31_000 }) },
    /^dead: the last heartbeat of run 1 in a\.db, at .*, is 31 s old, limit 30 s/,
  ],
  "a run that was stopped": [
    {
      problem: null,
      status: status({ state: "stopped", stopped: "2025-01-01T00:00:00.000000Z", stopReason: "asked to" }),
    },
    /^dead: run 1 in a\.db was stopped at 2025-01-01T00:00:00\.000000Z \(on request\)/,
  ],
  "a journal that cannot be read": [
    { problem: "It is damaged.\u001b", status: null },
    /^dead: It is damaged\.\\u\{1b\}$/m,
  ],
  "a run without a connection": [
    { problem: null, status: status({ connected: false, reason: "the server closed it" }) },
    /^disconnected: run 1 in a\.db has been disconnected since .* \(the server closed it\)/,
  ],
  "a halt": [
    { problem: null, status: status({ halted: true, halt: HALT }) },
    /^halted: run 1 in a\.db has been halted since .*, max-drawdown 0\.21 reached the limit 0\.2/,
  ],
  "a halt in a run that is dead": [
    { problem: null, status: status({ ageMs: 31_000, halted: true, halt: HALT }) },
    /^dead: /,
  ],
};

for (const [what, [run, expected]] of Object.entries(UNWELL)) {
  Deno.test(`healthAnswer() is 503 with the reason for ${what}, whatever the other runs are`, () => {
    const answer = healthAnswer([{ problem: null, status: status() }, run]);
    assertEquals(answer.status, 503);
    const [first, second] = answer.body.split("\n");
    assertMatch(first!, /^ok: /);
    assertMatch(second!, expected);
  });
}
