/** Reads the tokens of services from the text of a file. */
import { Secret } from "./secret.ts";

/** A file whose tokens cannot be used. The message repeats nothing from it. */
export class UnusableTokens extends Error {
  override readonly name = "UnusableTokens";
}

/** An address that may have a token. */
export interface TokenOwner {
  /** As the user wrote it. */
  readonly text: string;
  readonly needsToken: boolean;
}

/** The tokens by the address that they are for, as the user wrote it. */
export interface Tokens {
  readonly byAddress: ReadonlyMap<string, Secret>;
  /** Numbers of lines for addresses that are not in use. */
  readonly unused: readonly number[];
}

/**
 * Reads a file with one line for each service: its address as `--notify` or `--ping` has it, and its token. Empty lines
 * and lines that start with `#` are skipped. If the file holds one token and nothing else, the token belongs to the
 * only address that needs one, or to the only address. Throws UnusableTokens.
 *
 * @example
 * ```ts
 * import { tokensIn } from "./token_lines.ts";
 * import { assertEquals } from "@std/assert";
 * const owners = [{ text: "telegram://42", needsToken: true }, { text: "ntfy://h/t", needsToken: false }];
 * const { byAddress } = tokensIn("telegram://42 123:abc\n", owners);
 * assertEquals(byAddress.get("telegram://42")?.reveal(), "123:abc");
 * assertEquals([...tokensIn("123:abc", owners).byAddress.keys()], ["telegram://42"]);
 * ```
 */
export function tokensIn(text: string, owners: readonly TokenOwner[]): Tokens {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/)
    .map((line, at) => ({ words: line.trim().split(/\s+/), number: at + 1 }))
    .filter(({ words: [first = ""] }) => first !== "" && !first.startsWith("#"));
  const [only] = lines;
  if (only === undefined) throw new UnusableTokens("it holds no token");
  if (lines.length === 1 && only.words.length === 1) {
    return { byAddress: new Map([[ownerOf(owners), new Secret(only.words[0]!)]]), unused: [] };
  }
  const byAddress = new Map<string, Secret>();
  const unused: number[] = [];
  for (const { words: [address = "", token, more], number } of lines) {
    if (token === undefined || more !== undefined) {
      throw new UnusableTokens(`line ${number} is not an address and a token with a space between`);
    }
    if (byAddress.has(address)) {
      throw new UnusableTokens(`line ${number} repeats the address of another line`);
    }
    if (owners.some((owner) => owner.text === address)) byAddress.set(address, new Secret(token));
    else unused.push(number);
  }
  return { byAddress, unused };
}

/** Returns the address to which a token on its own belongs. */
function ownerOf(owners: readonly TokenOwner[]): string {
  const needing = owners.filter(({ needsToken }) => needsToken);
  const [owner, ...others] = needing.length > 0 ? needing : owners;
  if (owner !== undefined && others.length === 0) return owner.text;
  throw new UnusableTokens(
    `it holds one token without an address, and ${
      others.length + 1
    } addresses could have it: write lines of an ` +
      "address and its token",
  );
}
