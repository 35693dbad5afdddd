/** A configuration that cannot be used. */

/** Every mistake in it, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly exit = "usage";

  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.join("\n"));
  }
}
