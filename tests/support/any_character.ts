/** Any character, for texts that nobody would think of. */
import fc from "fast-check";

const SURROGATES = { first: 0xd800, count: 0x800 } as const;

/**
 * Any code point that is no surrogate, as `unit: "binary"` of fast-check gives them, which first lists them all: a
 * second of CPU in every file that has one.
 */
export const ANY_CHARACTER: fc.Arbitrary<string> = fc.nat(0x10ffff - SURROGATES.count).map(
  (number) => String.fromCodePoint(number < SURROGATES.first ? number : number + SURROGATES.count),
  (text) => {
    const code = typeof text === "string" ? text.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== text) throw new TypeError("not one character");
    if (code < SURROGATES.first) return code;
    if (code < SURROGATES.first + SURROGATES.count) throw new TypeError("a surrogate");
    return code - SURROGATES.count;
  },
);
