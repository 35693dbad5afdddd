import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isoTime, microseconds } from "../../src/domain/time.ts";

Deno.test("microseconds() takes a stamp below 10^14 for milliseconds, and one from there on as it is", () => {
  assertEquals(microseconds(1_723_161_255_342), 1_723_161_255_342_000);
  assertEquals(microseconds(1_723_161_255_342_123), 1_723_161_255_342_123);
  assertEquals(microseconds(1), 1_000);
  assertEquals(microseconds(100_000_000_000_000), 100_000_000_000_000);
});

Deno.test("microseconds() is exact for every millisecond up to the year 2255", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9_007_199_254_740 }), (stamp) => {
    assert(Number.isSafeInteger(microseconds(stamp)));
    assertEquals(BigInt(microseconds(stamp)), BigInt(stamp) * 1000n);
  }));
});

Deno.test("isoTime() writes six decimals of a second, in UTC", () => {
  assertEquals(isoTime(1_723_161_255_342_123), "2024-08-08T23:54:15.342123Z");
  assertEquals(isoTime(1_723_161_255_342_003), "2024-08-08T23:54:15.342003Z");
  assertEquals(isoTime(1_723_161_255_000_000), "2024-08-08T23:54:15.000000Z");
  assertEquals(isoTime(0), "1970-01-01T00:00:00.000000Z");
  assertEquals(isoTime(1_709_164_800_000_001), "2024-02-29T00:00:00.000001Z");
});

Deno.test("isoTime() loses nothing: its text is the time again", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (time) => {
    const text = isoTime(time);
    assertEquals(text.length, 27);
    assertEquals(Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23, 26)), time);
  }));
});
