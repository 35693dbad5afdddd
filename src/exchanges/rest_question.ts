/** Questions to an exchange's REST side: what is asked, and how the answer is read. */

/** One question. */
export interface RestQuestion<T> {
  /** Base address, such as https://api.example.com. */
  readonly base: string;
  /** Below the base address, with the parameters. */
  readonly path: string;
  /** The weight that the host counts for it. */
  readonly weight: number;
  /** Reads the answer's JSON. */
  read(body: unknown): T | RejectedAnswer;
}

/** An answer that is not accepted; asking again may bring a better one. */
export class RejectedAnswer {
  readonly why: "malformed" | "no-join";
  readonly reason: string;

  constructor(why: "malformed" | "no-join", reason: string) {
    this.why = why;
    this.reason = reason;
  }
}

/**
 * Questions that depend on the answers to those before: each is yielded, and `next` takes what its `read` returned.
 * The caller asks and waits, so that an exchange needs no network.
 */
export type Questions<R> = Generator<RestQuestion<unknown>, R, unknown>;

/** Asks `question` among others, as `yield* asked(question)`. */
export function* asked<T>(question: RestQuestion<T>): Questions<T> {
  // The answer is what this question's own `read` returned: see Questions.
  return (yield question) as T;
}
