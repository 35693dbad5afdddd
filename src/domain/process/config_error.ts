/** Mistakes in the configuration, which name the options as a user writes them. */

/** A configuration that cannot be used: every mistake in it, one per line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly exit = "usage";

  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.join("\n"));
  }
}

/** An option's name as the command line writes it: `maxDrawdown` is max-drawdown. */
export function optionWord(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
