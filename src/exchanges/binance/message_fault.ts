/** Finds the fault in a Binance message, for the user who has it in a file. */
import type { FrameFault } from "../frame_decoder.ts";

const SHOWN_CHARACTERS = 40;
const JSON_POSITION = /at position (\d+)/;

/** A reason that starts with `about` concerns the field that `key` finds; `expected` completes it. */
interface Fault {
  readonly about: string;
  readonly key: RegExp;
  readonly expected: string;
}

const FAULTS: readonly Fault[] = [
  { about: `symbol "s"`, key: /"s"\s*:/, expected: `, expected text such as "BTCUSDT"` },
  { about: "trade id", key: /"[tf]"\s*:/, expected: ", expected a whole number" },
  { about: "price", key: /"p"\s*:/, expected: "" },
  { about: "quantity", key: /"q"\s*:/, expected: "" },
  { about: `trade time "T"`, key: /"T"\s*:/, expected: ", expected s, ms, µs or ns since 1970" },
  { about: `"m"`, key: /"m"\s*:/, expected: "" },
  { about: `"data"`, key: /"data"\s*:/, expected: ", expected a Binance message" },
];

/** The fault in a frame: the value found, what was expected, and the place in its text. */
export function faultIn(reason: string, text: string): FrameFault {
  if (reason === "not JSON") {
    const position = jsonPosition(text);
    const found = position < text.length ? shown(text.slice(position)) : "the end of the line";
    return { what: `not JSON: found ${found}, expected a Binance message`, position };
  }
  const fault = FAULTS.find(({ about }) => reason.startsWith(about));
  if (fault === undefined) {
    return { what: `${reason}: found ${shown(text)}, expected a trade or aggTrade`, position: 0 };
  }
  const isAggregate = reason.startsWith("trade id") && reason.includes(" to ");
  const expected = isAggregate
    ? ", expected two whole numbers, the first not above the last"
    : fault.expected;
  return { what: `${reason}${expected}`, position: Math.max(0, text.search(fault.key)) };
}

/** Where JSON.parse stopped, or 0 if it does not say. */
function jsonPosition(text: string): number {
  try {
    JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    if (message.includes("end of JSON input")) return text.length;
    return Number(JSON_POSITION.exec(message)?.[1] ?? 0);
  }
  return 0;
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}
