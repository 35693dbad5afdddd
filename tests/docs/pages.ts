/** The pages of the documentation, and the names in them. */

/** The root of the repository. */
export const ROOT = new URL("../../", import.meta.url);

/** The pages, by their paths from the root. */
export const PAGES: ReadonlyMap<string, string> = new Map(
  ["README.md", ...[...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => `docs/${name}`)]
    .filter((path) => path.endsWith(".md")).sort()
    .map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]),
);

/** The pages, and the other files at the root that link to one another. */
export const TEXTS: ReadonlyMap<string, string> = new Map([
  ...PAGES,
  ...["SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((path) =>
    [path, Deno.readTextFileSync(new URL(path, ROOT))] as const
  ),
]);

/** The contents of the fences in `language`. */
export function fences(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w*)\n([^]*?)\n```$/gm)]
    .filter(([, name]) => name === language).map(([, , text]) => text!);
}

/** The command lines on a page, in order. */
export function commandLines(page: string): string[] {
  return fences(page, "sh").flatMap((fence) => fence.split("\n")).filter((line) => line.trim() !== "");
}

/** The texts in backticks in the page's sentences and tables. */
export function codeSpans(page: string): string[] {
  const prose = page.replaceAll(/^```[^]*?^```$/gm, "");
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, text]) => text!.replaceAll(/\s+/g, " "));
}

/** The words of a command line as a shell splits it, without the quotes. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
}

/** The arguments of the program in a command line that starts it by any of its names; null in others. */
export function programArguments(line: string): string[] | null {
  const words = wordsOf(
    line.split(/ [|>] /).find((part) => /(^| )(deno task|\S*penstock) /.test(`${part} `)) ?? line,
  );
  const task = /^deno task$/.test(words.slice(0, 2).join(" "))
    ? words.slice(2).filter((word) => word !== "-q")
    : null;
  if (task !== null) return isCommand(task[0]) ? task.filter((word, i) => i > 0 || word !== "") : null;
  const at = words.findIndex((word) => /(^|\/)penstock$|^penstock:/.test(word));
  const rest = words.slice(at + 1);
  // "docker compose exec penstock /penstock status" names a container first.
  if (/(^|\/)penstock$/.test(rest[0] ?? "")) rest.shift();
  return at >= 0 && isCommand(rest[0]) ? rest : null;
}

const COMMANDS = Object.keys((await import("../../src/config/command_name.ts")).COMMANDS);

function isCommand(word: string | undefined): boolean {
  return word !== undefined && COMMANDS.includes(word);
}
