/** A token that no log, error or JSON shows by accident. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The token itself, for the request that carries it and for nothing else. */
  reveal(): string {
    return this.#text;
  }

  /** Returns `text`, which comes from outside, without the token, even where it is percent-encoded. */
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

/** Tokens of Telegram, ntfy and healthchecks.io, and any other long word without a slash. */
const TOKENS = [
  /^\d{5,}:[\w-]{20,}$/,
  /^tk_[a-z0-9]{20,}$/,
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  /^[\w-]{40,}$/,
];

/**
 * A command-line word in the form in which a message may repeat it. Anything that looks like a token is hidden, because
 * people pass a token where the name of a file belongs.
 */
export function withoutToken(word: string): string {
  const at = word.indexOf("=") + 1;
  const value = word.slice(at);
  return TOKENS.some((form) => form.test(value)) ? `${word.slice(0, at)}${HIDDEN}` : word;
}

/** Shown in place of a token. */
const HIDDEN = "(secret)";
