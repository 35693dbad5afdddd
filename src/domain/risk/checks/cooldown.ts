import type { Account } from "../../account/account.ts";
import { Money, plain, type Side, ZERO } from "../../numbers/money.ts";
import { hasPassed, millisecondsText } from "../../numbers/time.ts";
import { AccountMemory, type Breach, type OrderCheck } from "./order_check.ts";

/** How long purchases pause after a loss, ms; null for no pause. */
export interface CooldownParameters {
  readonly cooldown: number | null;
}

interface Memory {
  /** When the last losing round trip closed: the time of a trade, µs since 1970; null before the first. */
  readonly lostAt: number | null;
  /** The realized profit when the current round trip started, decimal text. */
  readonly before: string;
}

/** What the symbols of an account share. */
interface Shared {
  lostAt: Memory["lostAt"];
}

/**
 * Refuses a purchase if a losing round trip of any symbol closed less than the cooldown before. Limit and value are in
 * ms.
 */
export class Cooldown implements OrderCheck {
  readonly #account: Account;
  /** µs. */
  readonly #length: number | null;
  readonly #shared: Shared;
  #before: Money = ZERO;

  constructor(
    { cooldown }: CooldownParameters,
    account: Account,
    memory: AccountMemory = new AccountMemory(),
  ) {
    this.#shared = memory.of("cooldown", (): Shared => ({ lostAt: null }));
    this.#length = cooldown === null ? null : cooldown * 1000;
    this.#account = account;
  }

  /** A loss that is dated more than a minute after `time` no longer counts. */
  judgeStart(side: Side, time: number): Breach | null {
    const { lostAt } = this.#shared;
    if (this.#length === null || lostAt === null || side === "sell") return null;
    if (hasPassed(this.#length, lostAt, time)) return null;
    return { limit: millisecondsText(this.#length), value: millisecondsText(time - lostAt) };
  }

  filled(side: Side, time: number): void {
    const { position, profit } = this.#account;
    if (side === "buy" || !position.isZero()) return;
    if (profit.lt(this.#before)) this.#shared.lostAt = time;
    this.#before = profit;
  }

  snapshot(): Memory {
    return { ...this.#shared, before: plain(this.#before) };
  }

  restore({ lostAt, before }: Memory): void {
    this.#shared.lostAt = lostAt;
    this.#before = new Money(before);
  }
}
