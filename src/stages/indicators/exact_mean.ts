/** The plain mean of the first closes or changes, from which a smoothed value starts. */
import { nearestRatio } from "../../domain/numbers/double.ts";
import { powerOfTen } from "../../domain/numbers/price.ts";

/** What it remembers: how many amounts there were and their sum, in units of 10^-decimals, as text. */
export interface ExactMeanMemory {
  readonly count: number;
  readonly sum: string;
  readonly decimals: number;
}

/** Adds amounts up as integers, and rounds once, when their mean is taken. */
export class ExactMean {
  #count = 0;
  #sum = 0n;
  #decimals = 0;

  /** Adds an amount of 0 or more, an integer count of 10^-decimals; later ones have at least as many decimals. */
  add(amount: number, decimals: number): void {
    if (decimals !== this.#decimals) {
      this.#sum *= BigInt(powerOfTen(decimals - this.#decimals));
      this.#decimals = decimals;
    }
    this.#sum += BigInt(amount);
    this.#count++;
  }

  /** How many amounts there are. */
  get count(): number {
    return this.#count;
  }

  /** The double nearest to their mean; there must be at least one. */
  mean(): number {
    return nearestRatio(this.#sum, BigInt(this.#count) * 10n ** BigInt(this.#decimals));
  }

  reset(): void {
    this.#count = this.#decimals = 0;
    this.#sum = 0n;
  }

  snapshot(): ExactMeanMemory {
    return { count: this.#count, sum: String(this.#sum), decimals: this.#decimals };
  }

  /** Throws a SyntaxError if the sum is not a whole number. */
  restore({ count, sum, decimals }: ExactMeanMemory): void {
    this.#count = count;
    this.#sum = BigInt(sum);
    this.#decimals = decimals;
  }
}
