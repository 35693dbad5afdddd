import { assertEquals, assertRejects } from "@std/assert";
import { SeededRandom } from "../support/random.ts";
import { Trace } from "./trace.ts";
import { VirtualTime } from "./virtual_time.ts";

Deno.test("VirtualTime calls alarms at their times, in the order in which they were set", async () => {
  const time = new VirtualTime();
  const random = new SeededRandom(3);
  const happened: [at: number, number: number][] = [];
  const expected: [at: number, number: number][] = [];
  for (let number = 0; number < 1_000; number++) {
    const at = random.whole(0, 200);
    const alarm = time.after(at, () => happened.push([time.now, number]));
    if (random.whole(0, 3) === 0) alarm.action = null;
    else expected.push([at, number]);
  }
  await time.run(time.sleep(300));
  assertEquals(happened, expected.sort(([at, one], [other, two]) => at - other || one - two));
});

Deno.test("VirtualTime moves on only when no promise is left to settle", async () => {
  const time = new VirtualTime();
  const times: number[] = [];
  time.after(1, () => times.push(time.now));
  const work = async () => {
    for (let turn = 0; turn < 1_000; turn++) await null;
    times.push(time.now);
    await time.sleep(5);
    for (let turn = 0; turn < 1_000; turn++) await null;
    return time.now;
  };
  assertEquals([await time.run(work()), times], [5, [0, 1]]);
});

Deno.test("VirtualTime.run() fails if no alarm is left, or if the work fails", async () => {
  const time = new VirtualTime();
  await assertRejects(() => time.run(new Promise(() => {})), Error, "Nothing is left to happen after 0 ms");
  await assertRejects(() => time.run(Promise.reject(new RangeError("no"))), RangeError, "no");
});

Deno.test("Trace has the same digest for the same lines at the same times, and keeps the last lines", () => {
  const traceOf = (...lines: [time: number, what: string][]) => {
    const trace = new Trace(2);
    for (const [time, what] of lines) trace.add(time, what);
    return trace;
  };
  const digest = traceOf([1, "a"], [2, "b"]).digest;
  assertEquals(traceOf([1, "a"], [2, "b"]).digest, digest);
  for (const other of [traceOf([1, "a"], [3, "b"]), traceOf([2, "b"], [1, "a"]), traceOf([1, "a"])]) {
    assertEquals(other.digest === digest, false);
  }
  assertEquals(traceOf([1, "a"], [2, "b"], [3, "c"], [4, "d"], [5, "e"]).last, ["4.000 d", "5.000 e"]);
});
