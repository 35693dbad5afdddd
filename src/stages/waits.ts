/** Decides how live trades that had to wait are treated. */
import type { Block } from "../domain/market/block.ts";
import type { Tick } from "../domain/market/tick.ts";
import { ArrivalClock } from "./arrival_clock.ts";

/** Live trades that waited until missed ones had been fetched or the run had started. Times in µs. */
export interface Waited {
  /** When the wait ended, since 1970: what arrived before counts as having arrived then. */
  readonly until: number;
  /** Trades that waited longer than this count as backfilled. */
  readonly hold: number;
}

/** The last wait. Times in µs since 1970; an arrival of 0 is not known, and has not waited. */
export class Waits {
  /** The exchange's clock, by which trades count as having arrived. */
  readonly clock = new ArrivalClock();
  #until = 0;
  #lateBefore = 0;

  /** Notes a wait that has ended. */
  note({ until, hold }: Waited): void {
    this.#until = until;
    this.#lateBefore = until - hold;
  }

  /** Whether a trade that arrived then has waited. */
  hasWaited(receivedAt: number): boolean {
    return receivedAt < this.#until && receivedAt > 0;
  }

  /** Whether it waited so long that it counts as backfilled. */
  isLate(receivedAt: number): boolean {
    return this.hasWaited(receivedAt) && receivedAt < this.#lateBefore;
  }

  /** The time at which it counts as having arrived, by the exchange's clock. */
  arrivalOf(receivedAt: number): number {
    return this.clock.at(this.hasWaited(receivedAt) ? this.#until : receivedAt);
  }

  /** Sets the arrivals in a block, none of which has waited, by the exchange's clock. */
  settle({ time, receivedAt, size }: Block): void {
    if (this.clock.speed === 1) return;
    for (let row = 0; row < size; row++) {
      this.clock.see(time[row]!, receivedAt[row]!);
      receivedAt[row] = this.clock.at(receivedAt[row]!);
    }
  }

  /** Whether any trade of a block has waited. */
  isAmong({ receivedAt, size }: Block): boolean {
    if (this.#until === 0) return false;
    let row = 0;
    while (row < size && !this.hasWaited(receivedAt[row]!)) row++;
    return row < size;
  }

  /** A trade as it counts after its wait, if it had one. */
  settled(tick: Tick): Tick {
    const { time, receivedAt } = tick;
    this.clock.see(time, receivedAt);
    if (this.clock.speed === 1 && !this.hasWaited(receivedAt)) return tick;
    return { ...tick, late: tick.late || this.isLate(receivedAt), receivedAt: this.arrivalOf(receivedAt) };
  }
}
