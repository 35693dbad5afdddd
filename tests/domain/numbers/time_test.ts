import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DAY, isoTime, microseconds, microsecondsIn, timeIn } from "../../../src/domain/numbers/time.ts";

Deno.test("microseconds() distinguishes seconds, milliseconds and microseconds by their magnitude", () => {
  assertEquals(microseconds(1_723_161_255), 1_723_161_255_000_000);
  assertEquals(microseconds(100_000_000), 100_000_000_000_000);
  assertEquals(microseconds(99_999_999_999), 99_999_999_999_000_000);
  assertEquals(microseconds(100_000_000_000), 100_000_000_000_000);
  assertEquals(microseconds(99_999_999), 99_999_999_000);
  assertEquals(microseconds(1_723_161_255_342), 1_723_161_255_342_000);
  assertEquals(microseconds(1_723_161_255_342_123), 1_723_161_255_342_123);
  assertEquals(microseconds(1), 1_000);
  assertEquals(microseconds(100_000_000_000_000), 100_000_000_000_000);
});

Deno.test("microseconds() is exact for every millisecond from 1973 up to the year 2255", () => {
  fc.assert(fc.property(fc.integer({ min: 100_000_000_000, max: 9_007_199_254_740 }), (stamp) => {
    assert(Number.isSafeInteger(microseconds(stamp)));
    assertEquals(BigInt(microseconds(stamp)), BigInt(stamp) * 1000n);
  }));
});

Deno.test("microsecondsIn() reads nanoseconds and drops what is finer than a microsecond", () => {
  assertEquals(microsecondsIn("1723161255342123999"), 1_723_161_255_342_123);
  assertEquals(microsecondsIn("100000000000000000"), 100_000_000_000_000);
  assertEquals(microsecondsIn("9007199254740991999"), 9_007_199_254_740_991);
  for (
    const text of [
      "9007199254740992000",
      "1723161255342123",
      "0723161255342123999",
      "17231612553421239999",
      "",
    ]
  ) {
    assertEquals(microsecondsIn(text), null, text);
  }
});

Deno.test("isoTime() writes six decimals of a second, in UTC", () => {
  assertEquals(isoTime(1_723_161_255_342_123), "2024-08-08T23:54:15.342123Z");
  assertEquals(isoTime(1_723_161_255_342_003), "2024-08-08T23:54:15.342003Z");
  assertEquals(isoTime(1_723_161_255_000_000), "2024-08-08T23:54:15.000000Z");
  assertEquals(isoTime(0), "1970-01-01T00:00:00.000000Z");
  assertEquals(isoTime(1_709_164_800_000_001), "2024-02-29T00:00:00.000001Z");
});

Deno.test("isoTime() loses nothing: its text gives the time again", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (time) => {
    const text = isoTime(time);
    assertEquals(text.length, 27);
    assertEquals(Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23, 26)), time);
  }));
});

Deno.test("timeIn() reads dates and ISO 8601 to the microsecond, and nothing else", () => {
  const midnight = Date.UTC(2025, 0, 31) * 1000;
  const read: readonly (readonly [string, number])[] = [
    ["2025-01-31", midnight],
    ["2025-01-31T00:00", midnight],
    ["2025-01-31T23:59:59.999999Z", midnight + DAY - 1],
    ["2025-01-31T01:00:00+01:00", midnight],
    ["2025-01-30T22:30-01:30", midnight],
    ["2024-02-29T12:00:00.5Z", Date.UTC(2024, 1, 29, 12) * 1000 + 500_000],
    ["1970-01-01", 0],
  ];
  for (const [text, time] of read) assertEquals(timeIn(text), time, text);
  for (
    const text of [
      ...["", "2025", "2025-01", "2025-1-31", "20250131", "31.01.2025", "2025-01-31 12:00", "2025-01-31T12"],
      ...[
        "2025-02-29",
        "2025-13-01",
        "2025-00-10",
        "2025-01-31T24:00",
        "2025-01-31T23:60",
        "2025-01-31T12:00:60",
      ],
      ...["2025-01-31T12:00:00.1234567Z", "2025-01-31T12:00z", "2025-01-31Z", "2025-01-31T12:00+25:00"],
      ...["1969-12-31", "2255-01-01", "1735689600000", " 2025-01-31", "2025-01-31T12:00:00,5Z"],
    ]
  ) {
    assertEquals(timeIn(text), null, text);
  }
});

Deno.test("timeIn() reads what isoTime() writes", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: Date.UTC(2254, 11, 31) * 1000 }), (time) => {
    assertEquals(timeIn(isoTime(time)), time);
  }));
});
