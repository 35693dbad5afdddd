/** Questions to an exchange's REST side: what is asked, and what an answer is worth. */

/** One question. */
export interface RestQuestion<T> {
  /** Base address, such as https://api.example.com. */
  readonly base: string;
  /** Below the base address, with the parameters. */
  readonly path: string;
  /** What the host counts for it. */
  readonly weight: number;
  /** Makes sense of the answer's JSON. */
  read(body: unknown): T | Unbelieved;
}

/** An answer that is not believed; asking again may bring a better one. */
export class Unbelieved {
  readonly why: "malformed" | "no-join";
  readonly reason: string;

  constructor(why: "malformed" | "no-join", reason: string) {
    this.why = why;
    this.reason = reason;
  }
}

/**
 * Questions that depend on the answers to those before: each is yielded, and `next` takes what its `read` returned.
 * What asks and waits is outside, so that an exchange's rules need no network.
 */
export type Questions<R> = Generator<RestQuestion<unknown>, R, unknown>;

/** Asks `question` among others, as `yield* asked(question)`. */
export function* asked<T>(question: RestQuestion<T>): Questions<T> {
  // The answer is what this question's own `read` returned: see Questions.
  return (yield question) as T;
}
