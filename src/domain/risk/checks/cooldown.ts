import type { Account } from "../../account/account.ts";
import { Money, plain, type Side, ZERO } from "../../numbers/money.ts";
import { hasPassed, millisecondsText } from "../../numbers/time.ts";
import type { Breach, OrderCheck } from "./order_check.ts";

/** How long purchases pause after a loss, ms; null for not at all. */
export interface CooldownParameters {
  readonly cooldown: number | null;
}

interface Memory {
  /** When the last losing round trip closed: the time of a trade, µs since 1970; null before the first. */
  readonly lostAt: number | null;
  /** The account's realized profit when the current round trip started, decimal text. */
  readonly before: string;
}

/** Refuses a purchase if a losing round trip closed less than the cooldown before; in ms. */
export class Cooldown implements OrderCheck {
  readonly #account: Account;
  /** µs. */
  readonly #length: number | null;
  #lostAt: number | null = null;
  #before: Money = ZERO;

  constructor({ cooldown }: CooldownParameters, account: Account) {
    this.#length = cooldown === null ? null : cooldown * 1000;
    this.#account = account;
  }

  /** A loss that is dated more than a minute after `time` no longer counts. */
  judgeStart(side: Side, time: number): Breach | null {
    if (this.#length === null || this.#lostAt === null || side === "sell") return null;
    if (hasPassed(this.#length, this.#lostAt, time)) return null;
    return { limit: millisecondsText(this.#length), value: millisecondsText(time - this.#lostAt) };
  }

  filled(side: Side, time: number): void {
    const { position, realized } = this.#account;
    if (side === "buy" || !position.isZero()) return;
    if (realized.lt(this.#before)) this.#lostAt = time;
    this.#before = realized;
  }

  snapshot(): Memory {
    return { lostAt: this.#lostAt, before: plain(this.#before) };
  }

  restore({ lostAt, before }: Memory): void {
    this.#lostAt = lostAt;
    this.#before = new Money(before);
  }
}
