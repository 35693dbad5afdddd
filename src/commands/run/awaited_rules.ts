/** The rules of an instrument that a live run waits for while it goes on. */
import type { ArrivedRules } from "../../domain/market/instrument.ts";

/**
 * Waits until the exchange gives the rules; null once `signal` is aborted. Calls `onTrouble` with each reason why it
 * takes long.
 */
export type AwaitRules = (
  signal: AbortSignal,
  onTrouble: (text: string) => void,
) => Promise<ArrivedRules | null>;

/** Takes the rules. */
export interface RulesTaker {
  take(arrived: ArrivedRules): Promise<void>;
  /** Called with a log line for every new reason why they have not come. */
  onTrouble(text: string): void;
  /** Called with the error if the rules could not be asked for or taken: the run cannot go on. */
  onFailure(error: unknown): void;
}

/** Waits for rules until it is disposed of. */
export class AwaitedRules implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  /** Waits for nothing if `awaitRules` is null: then all rules are known. */
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
      // A run that has stopped takes nothing more.
      if (arrived !== null && !this.#ending.signal.aborted) await take(arrived);
    } catch (error) {
      onFailure(error);
    }
  }
}
