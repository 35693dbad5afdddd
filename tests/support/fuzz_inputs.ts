/** How many inputs a fuzz test tries. */

/**
 * How many cases to try: `inGate`, or enough for as many inputs as PENSTOCK_FUZZ says, which `deno task fuzz`
 * sets to a million. A case may hold `inEach` inputs.
 */
export function fuzzCases(inGate: number, inEach = 1): number {
  const text = Deno.env.get("PENSTOCK_FUZZ");
  if (text === undefined) return inGate;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new RangeError(`PENSTOCK_FUZZ is "${text}": expected a number of inputs, such as 1000000`);
  }
  return Math.max(inGate, Math.ceil(Number(text) / inEach));
}
