/** The rules of an instrument that a live run waits for while it goes on. */
import type { ArrivedRules } from "../../domain/market/instrument.ts";

/** Waits until the exchange says the rules; null once `signal` is aborted. `onTrouble` is told why it takes long. */
export type AwaitRules = (
  signal: AbortSignal,
  onTrouble: (text: string) => void,
) => Promise<ArrivedRules | null>;

/** What is done with them. */
export interface RulesTaker {
  take(arrived: ArrivedRules): void;
  /** Told, in a line for the person, every new reason why they have not come. */
  onTrouble(text: string): void;
  /** Told why the rules could not be asked for or taken: the run cannot go on. */
  onFailure(error: unknown): void;
}

/** Waits for rules until it is disposed of. */
export class AwaitedRules implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  /** Waits for nothing where `awaitRules` is null: all rules are known then. */
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
      if (arrived !== null && !this.#ending.signal.aborted) take(arrived);
    } catch (error) {
      onFailure(error);
    }
  }
}
