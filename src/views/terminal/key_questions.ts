/** What the keys of a live run ask for, and what is asked back before it is done. */
import { type Halt, haltByHand, type OnHalt, stricter } from "../../domain/risk/halt.ts";
import { type Money, plain } from "../../domain/numbers/money.ts";
import { assets } from "./assets.ts";

/** What a user asks of a run at its terminal: to halt, with what then happens to the position, or to stop. */
export type Asked = OnHalt | "stop";

/** What the answer depends on. */
export interface Situation {
  readonly symbol: string;
  readonly position: Money;
  readonly halt: Halt | null;
  /** Whether the run is kept in a journal. */
  readonly isKept: boolean;
}

/** A question that the same key, or `y`, answers with yes, and any other key with no. */
export interface KeyQuestion {
  readonly key: string;
  readonly asked: Asked;
  readonly text: string;
}

/** The question for a key; or what is asked for without a question; or why there is nothing to do; null for other keys. */
export function questionFor(
  key: string,
  { symbol, position, halt, isKept }: Situation,
): KeyQuestion | { readonly asked: Asked } | { readonly nothing: string } | null {
  const held = `${plain(position)} ${assets(symbol).base}`;
  const how = (what: string): string => `${key} again: ${what}   any other key: go on`;
  switch (key) {
    case "q": {
      if (position.isZero()) return { asked: "stop" };
      const kept = isKept ? "the journal keeps it" : "there is no journal to keep it";
      return { key, asked: "stop", text: `Stop with ${held} held? ${kept}   ${how("stop")}` };
    }
    case "h":
    case "f": {
      const asked = key === "h" ? "hold" : "flatten";
      if (halt !== null && stricter(halt, haltByHand(asked, -1)) === halt) {
        return { nothing: `trading is halted already (${halt.reason}): nothing changes` };
      }
      const text = asked === "hold"
        ? `Halt, with no more buys?   ${how("halt")}`
        : position.isZero()
        ? `Halt, with no more trading?   ${how("halt")}`
        : `Sell ${held} with the next trade, and halt?   ${how("flatten")}`;
      return { key, asked, text };
    }
    default:
      return null;
  }
}
