/** Accounts for the missing trades of a gap that were not fetched: skipped, or unknown to the exchange itself. */

/** A gap that is being filled, or has just been. */
export interface GapAccount {
  /** Its first id; -1 until a part of it is fetched. */
  readonly fromId: number;
  /** Trades skipped because more were missing than may be fetched. */
  readonly skipped: number;
  /** Ids under which the exchange itself has no trade. */
  readonly absent: number;
}

const PLAIN: GapAccount = { fromId: -1, skipped: 0, absent: 0 };

/** Accounts for gaps, one at a time. */
export class GapAccounts {
  #open = PLAIN;
  #closed = PLAIN;
  #absent = 0;

  /** Ids that the exchange itself did not have, over all gaps. */
  get absent(): number {
    return this.#absent;
  }

  /** The account of the gap that was closed last. */
  get closed(): GapAccount {
    return this.#closed;
  }

  /**
   * Fetched trades follow, from `fromId` on or later. A gap that another process continues to fill keeps its first id,
   * so that its event covers all of it.
   */
  fills(fromId: number): void {
    if (this.#open.fromId < 0) this.#open = { ...this.#open, fromId };
  }

  /**
   * Accounts for `jump` ids that fetched trades left out, `skipped` of them skipped. Returns how many trades are
   * missing for the averages; ids for which the exchange has no trade are not a gap.
   */
  jumped(jump: number, skipped: number): number {
    const missing = Math.min(jump, skipped);
    if (missing > 0) this.#open = { ...this.#open, skipped: this.#open.skipped + missing };
    this.addAbsent(jump - missing);
    return missing;
  }

  /** Accounts for this many ids that the exchange does not have. */
  addAbsent(count: number): void {
    if (count <= 0) return;
    this.#absent += count;
    this.#open = { ...this.#open, absent: this.#open.absent + count };
  }

  /** Closes the gap at the first live trade after it. */
  close(): void {
    this.#closed = this.#open;
    this.#open = PLAIN;
  }

  /** Whether no gap is being filled. */
  get isIdle(): boolean {
    return this.#open === PLAIN;
  }

  /** Forgets the open gap: a process fetched all of it, and ended before it settled the gap. */
  abandon(): void {
    this.#open = PLAIN;
  }

  /** The ids started over, so no trade closes the gap that was being filled. */
  drop(): void {
    this.#open = this.#closed = PLAIN;
  }

  /** The part for a snapshot: only fields that older versions did not have. */
  snapshot(): { readonly gap?: GapAccount } {
    return this.#open === PLAIN ? {} : { gap: this.#open };
  }

  /** Continues a gap that was being filled, and a count. */
  restore(gap: GapAccount | undefined, absent: number): void {
    this.#open = gap ?? PLAIN;
    this.#closed = PLAIN;
    this.#absent = absent;
  }
}
