/** An instrument's rules that a live run waits for while it runs. */
import type { ArrivedRules } from "../../domain/market/instrument.ts";

/**
 * Waits until the exchange gives the rules; null once `signal` is aborted. Calls `onTrouble` with each reason for the
 * delay.
 */
export type AwaitRules = (
  signal: AbortSignal,
  onTrouble: (text: string) => void,
) => Promise<ArrivedRules | null>;

/** Accepts the rules. */
export interface RulesTaker {
  take(arrived: ArrivedRules): Promise<void>;
  /** Called with a log line for every new reason why they have not arrived. */
  onTrouble(text: string): void;
  /** Called with the error if requesting or accepting the rules failed, because the run cannot continue. */
  onFailure(error: unknown): void;
}

/** Waits for rules until it is disposed. */
export class AwaitedRules implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  /** Waits for nothing if `awaitRules` is null, because then all rules are known. */
  constructor(awaitRules: AwaitRules | null, taker: RulesTaker) {
    this.#done = awaitRules === null ? Promise.resolve() : this.#wait(awaitRules, taker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#done;
  }

  async #wait(awaitRules: AwaitRules, { take, onTrouble, onFailure }: RulesTaker): Promise<void> {
    try {
      const arrived = await awaitRules(this.#ending.signal, onTrouble);
      // A stopped run accepts nothing more.
      if (arrived !== null && !this.#ending.signal.aborted) await take(arrived);
    } catch (error) {
      onFailure(error);
    }
  }
}
