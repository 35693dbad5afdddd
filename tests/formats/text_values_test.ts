/** Amounts and times in any spelling, compared with naive computations. */
import fc from "fast-check";
import { priceIn, quantityIn } from "../../src/formats/amount_text.ts";
import { timeIn } from "../../src/formats/time_text.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { assertEquals } from "../support/equals.ts";

const RUNS = fuzzCases(3_000);
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** A decimal in some spelling, as digits × 10^-decimals. */
const spelled = fc.record({
  digits: fc.oneof(
    fc.bigInt(0n, 10n ** 20n),
    fc.bigInt(0n, 999n),
    fc.constant(LARGEST),
    fc.constant(LARGEST + 1n),
  ),
  decimals: fc.integer({ min: 0, max: 12 }),
  exponent: fc.integer({ min: -12, max: 12 }),
  zeros: fc.integer({ min: 0, max: 5 }),
  isShort: fc.boolean(),
}).map(({ digits, decimals, exponent, zeros, isShort }) => {
  const padded = String(digits).padStart(decimals + 1, "0");
  const whole = padded.slice(0, padded.length - decimals);
  const point = decimals === 0 ? "" : ".";
  const text = (isShort && whole === "0" && decimals > 0 ? "" : "0".repeat(zeros) + whole) + point +
    padded.slice(padded.length - decimals) + (decimals === 0 ? "" : "0".repeat(zeros)) +
    (exponent === 0 ? "" : `e${exponent > 0 && isShort ? "+" : ""}${exponent}`);
  return { text, digits, decimals: decimals - exponent };
});

/** In units of 10^-8, or null if that is not exact. */
function units(digits: bigint, decimals: number): bigint | null {
  if (decimals <= 8) return digits * 10n ** BigInt(8 - decimals);
  const divisor = 10n ** BigInt(decimals - 8);
  return digits % divisor === 0n ? digits / divisor : null;
}

Deno.test("priceIn() and quantityIn() read every spelling exactly, or not at all", () => {
  fc.assert(
    fc.property(spelled, ({ text, digits, decimals }) => {
      const amount = units(digits, decimals);
      let [count, places] = [amount ?? 0n, 8];
      while (places > 0 && count % 10n === 0n) [count, places] = [count / 10n, places - 1];
      const isPrice = amount !== null && amount > 0n && count <= LARGEST;
      assertEquals(priceIn(text), isPrice ? { price: Number(count), decimals: places } : null, text);
      const isQuantity = amount !== null && amount > 0n && amount <= 10n ** 23n;
      const [whole, fraction] = [(amount ?? 0n) / 10n ** 8n, (amount ?? 0n) % 10n ** 8n];
      assertEquals(
        quantityIn(text),
        isQuantity ? { whole: Number(whole), fraction: Number(fraction) } : null,
        text,
      );
    }),
    { numRuns: RUNS },
  );
});

Deno.test("priceIn() and quantityIn() read nothing else", () => {
  for (
    const text of [
      "",
      ".",
      "e5",
      "1e",
      "1,5",
      "1 000",
      "+1",
      "-1",
      "0x10",
      "1.2.3",
      "NaN",
      "Infinity",
      "1e9999",
      "１",
    ]
  ) {
    assertEquals([priceIn(text), quantityIn(text)], [null, null], text);
  }
  assertEquals(quantityIn("1e15"), { whole: 1e15, fraction: 0 });
  assertEquals(quantityIn("1000000000000000.00000001"), null);
  assertEquals(priceIn(`1${"0".repeat(400)}`), null);
  assertEquals(priceIn(`0.${"0".repeat(400)}1`), null);
});

Deno.test("timeIn() reads any unit exactly to the microsecond, and drops what is finer", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100_000_000, max: 9_007_199_254 }),
      fc.integer({ min: 0, max: 999_999_999 }),
      (s, ns) => {
        const nine = String(ns).padStart(9, "0");
        const micros = s * 1e6 + Math.floor(ns / 1000);
        fc.pre(micros <= Number.MAX_SAFE_INTEGER - 86_400_000_000);
        for (const unit of ["s", null] as const) assertEquals(timeIn(`${s}.${nine}`, unit), micros);
        for (const unit of ["ms", null] as const) {
          assertEquals(
            timeIn(`${s}${nine.slice(0, 3)}.${nine.slice(3)}`, unit),
            micros,
          );
        }
        for (const unit of ["us", null] as const) {
          assertEquals(
            timeIn(`${s}${nine.slice(0, 6)}.${nine.slice(6)}`, unit),
            micros,
          );
        }
        for (const unit of ["ns", null] as const) assertEquals(timeIn(`${s}${nine}`, unit), micros);
        const iso = new Date(s * 1000).toISOString().slice(0, 19);
        for (const unit of ["iso", null] as const) {
          for (
            const text of [
              `${iso}.${nine}Z`,
              `${iso}.${nine}+00:00`,
              `${iso.replace("T", " ")}.${nine} UTC`,
              `${iso},${nine}`,
            ]
          ) {
            assertEquals(timeIn(text, unit), micros, text);
          }
          const east = new Date((s + 19_800) * 1000).toISOString().slice(0, 19);
          assertEquals(timeIn(`${east}.${nine}+05:30`, unit), micros);
          assertEquals(
            timeIn(`${new Date((s - 3600) * 1000).toISOString().slice(0, 19)}.${nine}-01`, unit),
            micros,
          );
        }
      },
    ),
    { numRuns: Math.ceil(RUNS / 10) },
  );
});

Deno.test("timeIn() refuses a time that does not exist, or that has no unit", () => {
  for (
    const text of [
      "2025-02-30T00:00:00Z",
      "2025-13-01T00:00:00Z",
      "2025-01-01T24:00:00Z",
      "2025-01-01T00:60:00Z",
      "2025-01-01T00:00:60Z",
      "2025-01-01",
      "1969-12-31T23:59:59Z",
      "01/02/2025 00:00:00",
      "2025-01-01T00:00:00+24:00",
      "1.7e9",
      "-1735689600",
      "0",
      "99999999",
      "",
    ]
  ) {
    assertEquals(timeIn(text, null), null, text);
  }
  for (const unit of ["s", "ms", "us", "ns"] as const) assertEquals(timeIn("0", unit), null);
});
