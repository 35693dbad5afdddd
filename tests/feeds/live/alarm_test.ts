import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { alarm, pause } from "../../../src/feeds/live/alarm.ts";

Deno.test("alarm() rings once, when the time is over, even if that is longer than a timer may last", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const startedAt = performance.now();
  using _alarm = alarm(50, () => resolve(performance.now()), globalThis, 3);
  assertGreaterOrEqual(Math.ceil(await promise - startedAt), 50);
});

Deno.test("alarm() waits for times that the runtime's timers would treat as zero", async () => {
  let rings = 0;
  {
    using _long = alarm(2 ** 31, () => rings++);
    using _longest = alarm(1_000 * 3_600_000, () => rings++);
    const { promise, resolve } = Promise.withResolvers<void>();
    using _short = alarm(20, resolve);
    await promise;
  }
  assertEquals(rings, 0);
});

Deno.test("alarm() never asks for a negative time, which the runtime warns about, however late it asks", async () => {
  const { setTimeout: plain } = globalThis;
  const { now } = performance;
  const asked: unknown[] = [];
  let heldUpMs = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  try {
    performance.now = () => now.call(performance) + (heldUpMs += 10);
    globalThis.setTimeout = ((...args: Parameters<typeof plain>) => {
      asked.push(args[1]);
      return plain(...args);
    }) as typeof plain;
    using _alarm = alarm(1, resolve);
    await promise;
  } finally {
    performance.now = now;
    globalThis.setTimeout = plain;
  }
  assertEquals(asked, [0]);
});

Deno.test("alarm() without a time never rings, and no alarm rings once it is out of scope", async () => {
  let rings = 0;
  {
    using _never = alarm(null, () => rings++);
    using _late = alarm(1, () => rings++);
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  using _end = alarm(20, resolve);
  await promise;
  assertEquals(rings, 0);
});

Deno.test("pause() lasts its time, and an abort ends it at once and without an error", async () => {
  const startedAt = performance.now();
  await pause(20, new AbortController().signal);
  assertGreaterOrEqual(Math.ceil(performance.now() - startedAt), 20);
  const ending = new AbortController();
  const paused = pause(1_000 * 3_600_000, ending.signal);
  ending.abort();
  await paused;
  await pause(1_000 * 3_600_000, ending.signal);
});
