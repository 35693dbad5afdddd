/** What the keys of a live run do, and which questions they ask first. */
import { type Halt, haltByHand, type OnHalt, stricter } from "../../domain/risk/halt.ts";
import { type Money, plain } from "../../domain/numbers/money.ts";
import { assets } from "./assets.ts";

/** What a user can ask a run to do with a key: to stop, or to halt and then hold or sell the position. */
export type Asked = OnHalt | "stop";

/** What the answer depends on. */
export interface Situation {
  readonly symbol: string;
  readonly position: Money;
  readonly halt: Halt | null;
  /** Whether the run is kept in a journal. */
  readonly isKept: boolean;
}

/** A question. The same key or `y` means yes, and any other key means no. */
export interface KeyQuestion {
  readonly key: string;
  readonly asked: Asked;
  readonly text: string;
}

/** The question for a key, or what the key does without a question, or why it does nothing; null for other keys. */
export function questionFor(
  key: string,
  { symbol, position, halt, isKept }: Situation,
): KeyQuestion | { readonly asked: Asked } | { readonly nothing: string } | null {
  const held = `${plain(position)} ${assets(symbol).base}`;
  // A question has room for a long quantity on the smallest screen that shows a picture.
  const question = (text: string): string => `${text}   ${key}: yes   any other key: no`;
  switch (key) {
    case "q": {
      if (position.isZero()) return { asked: "stop" };
      return { key, asked: "stop", text: question(`Stop? ${isKept ? "The" : "No"} journal keeps ${held}.`) };
    }
    case "h":
    case "f": {
      const asked = key === "h" ? "hold" : "flatten";
      if (halt !== null && stricter(halt, haltByHand(asked, -1)) === halt) {
        return { nothing: `trading is halted already (${halt.reason}): nothing changes` };
      }
      const text = asked === "hold"
        ? "Halt, with no more buys?"
        : position.isZero()
        ? "Halt, with no more trading?"
        : `Halt, and sell ${held}?`;
      return { key, asked, text: question(text) };
    }
    default:
      return null;
  }
}
