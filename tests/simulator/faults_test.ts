import { assertEquals, assertThrows } from "@std/assert";
import { type FaultAction, FaultPlan, parseFaults } from "../../src/simulator/faults.ts";

Deno.test("parseFaults() reads every kind", () => {
  assertEquals(
    parseFaults(
      "drop@2000, close@1,stall@4000,half-open@6000,no-close@6001,duplicate=5@7000,hole=3@8000,malformed@9000," +
        "reorder@9500,slow=500@9800,refuse=429:2@10000,refuse=451:0:7@0,shutdown@12000,random,random=500",
    ),
    [
      { kind: "drop", at: 2000 },
      { kind: "close", at: 1 },
      { kind: "stall", at: 4000 },
      { kind: "half-open", at: 6000 },
      { kind: "no-close", at: 6001 },
      { kind: "duplicate", count: 5, at: 7000 },
      { kind: "hole", count: 3, at: 8000 },
      { kind: "malformed", at: 9000 },
      { kind: "reorder", at: 9500 },
      { kind: "slow", delayMs: 500, at: 9800 },
      { kind: "refuse", status: 429, retryAfterSeconds: 2, count: 1, at: 10000 },
      { kind: "refuse", status: 451, retryAfterSeconds: 0, count: 7, at: 0 },
      { kind: "shutdown", at: 12000 },
      { kind: "random", every: 1000 },
      { kind: "random", every: 500 },
    ],
  );
  assertEquals(parseFaults(" "), []);
});

Deno.test("parseFaults() names the item that it cannot read, and the form that it expects", () => {
  const bad: [text: string, item: string, form: string][] = [
    ["drop@1,explode@2", "explode@2", "drop@N, close@N"],
    ["drop", "drop", "drop@N"],
    ["drop=1@2", "drop=1@2", "drop@N"],
    ["hole@5", "hole@5", "hole=COUNT@N"],
    ["hole=0@5", "hole=0@5", "hole=COUNT@N"],
    ["hole=1:2@5", "hole=1:2@5", "hole=COUNT@N"],
    ["duplicate=-1@5", "duplicate=-1@5", "hole=COUNT@N"],
    ["slow=@5", "slow=@5", "slow=MS@N"],
    ["refuse=200:1@5", "refuse=200:1@5", "refuse=STATUS:SECONDS[:COUNT]@N"],
    ["refuse=429@5", "refuse=429@5", "refuse=STATUS:SECONDS[:COUNT]@N"],
    ["refuse=429:1:0@5", "refuse=429:1:0@5", "refuse=STATUS:SECONDS[:COUNT]@N"],
    ["random@5", "random@5", "random[=N]"],
    ["random=0", "random=0", "random[=N]"],
    ["drop@1,,drop@2", '""', "drop@N"],
    ["drop@99999999999999999999", "drop@9", "drop@N"],
    ["constructor@1", "constructor@1", "drop@N"],
  ];
  for (const [text, item, form] of bad) {
    const error = assertThrows(() => parseFaults(text), RangeError);
    assertEquals([error.message.includes(item), error.message.includes(form)], [true, true], error.message);
  }
});

Deno.test("FaultPlan.take() gives each fault once, in the order of their places", () => {
  const plan = new FaultPlan(parseFaults("stall@9,drop@3,close@3"), 1);
  assertEquals(plan.next, 3);
  assertEquals(plan.take(2), []);
  assertEquals(plan.take(3).map(({ kind }) => kind), ["drop", "close"]);
  assertEquals(plan.take(100).map(({ kind }) => kind), ["stall"]);
  assertEquals(plan.next, Infinity);
});

Deno.test("FaultPlan draws the same random faults from the same seed, about as often as asked", () => {
  const draw = (seed: number) => {
    const plan = new FaultPlan(parseFaults("random=500"), seed);
    const drawn: [number, FaultAction][] = [];
    while (plan.next <= 500_000) {
      const at = plan.next;
      for (const fault of plan.take(at)) drawn.push([at, fault]);
    }
    return drawn;
  };
  const drawn = draw(1);
  assertEquals(drawn, draw(1));
  assertEquals(JSON.stringify(drawn) === JSON.stringify(draw(2)), false);
  assertEquals(drawn.length > 900 && drawn.length < 1100, true, `${drawn.length} faults`);
  assertEquals(new Set(drawn.map(([, fault]) => fault.kind)).size, 12);
});
