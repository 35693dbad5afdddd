/** A token, which nothing shows by accident: not a log, not an error, not JSON. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The token itself, for the request that carries it and for nothing else. */
  reveal(): string {
    return this.#text;
  }

  /** `text` without the token, wherever it appears, percent-encoded too: for words that came from elsewhere. */
  scrub(text: string): string {
    return [this.#text, encodeURIComponent(this.#text), encodeURI(this.#text)]
      .filter((form) => form !== "")
      .reduce((left, form) => left.replaceAll(form, HIDDEN), text);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return HIDDEN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

/** Shown in place of a token. */
const HIDDEN = "(secret)";
