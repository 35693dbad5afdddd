/** Reads the command line: the command, its options and files, and every mistake. */
import { withoutPassword } from "../domain/run/database_place.ts";
import { parseArgs } from "@std/cli/parse-args";
import { withoutToken } from "../domain/alarms/secret.ts";
import { closestName } from "./closest_name.ts";
import type { GivenOptions } from "./configuration.ts";
import { type CommandName, COMMANDS } from "./command_name.ts";
import { millisecondsIn } from "../domain/numbers/duration.ts";
import type { Option } from "./option.ts";
import { OPTION_NAMES, type OptionName, OPTIONS } from "./options.ts";
import { optionWord } from "../domain/process/config_error.ts";

/** A command line after parsing. */
export interface Arguments {
  /** Null if none was given. */
  readonly command: CommandName | null;
  readonly help: boolean;
  readonly version: boolean;
  readonly given: GivenOptions;
  /** Files, in the order given; `-` is standard input. */
  readonly files: readonly string[];
  /** Every mistake in it, one sentence each. */
  readonly mistakes: readonly string[];
}

/** How many files a command takes, and how a mistake shows them; the other commands take none. */
const FILES: Partial<
  Record<CommandName, { readonly least: number; readonly most: number; readonly usage?: string }>
> = {
  backtest: { least: 1, most: Infinity, usage: `FILE...", or - for standard input` },
  sweep: { least: 1, most: Infinity, usage: `FILE...", or - for standard input; or "--join PART..."` },
  worker: { least: 1, most: 1, usage: `postgres://USER@HOST:PORT/DATABASE"` },
  verify: { least: 2, most: Infinity, usage: `JOURNAL RECORDING..."` },
  status: { least: 0, most: 1 },
  export: { least: 0, most: 1 },
  watch: { least: 0, most: Infinity },
  report: { least: 1, most: 1, usage: `FILE", a result or a journal` },
  compare: { least: 2, most: 2, usage: `A B", each a result, a sweep or a journal` },
  halt: { least: 1, most: 1, usage: `JOURNAL"` },
  release: { least: 1, most: 1, usage: `JOURNAL --reason TEXT"` },
  resume: { least: 1, most: 1, usage: `JOURNAL --reason TEXT"` },
};

/** Commands that read one run of a journal. */
const ONE_RUN: readonly CommandName[] = ["status", "verify", "report", "compare"];

const SWITCHES = OPTION_NAMES.filter((name) => OPTIONS[name].value === null);
const VALUED = OPTION_NAMES.filter((name) => OPTIONS[name].value !== null);

/** Reads a command line (without the program's name). Never throws: mistakes are collected. */
export function readArguments(args: readonly string[]): Arguments {
  const mistakes: string[] = [];
  const unknown = new Set<string>();
  const parsed: { readonly [name: string]: unknown; readonly _: readonly unknown[] } = parseArgs(
    withoutUnderscores(joinValues(args), unknown),
    {
      string: [...VALUED.map(optionWord), "_"],
      collect: VALUED.map(optionWord),
      boolean: ["help", "version", ...SWITCHES.map(optionWord)],
      alias: { help: "h", version: "V" },
      unknown: (text, key) => {
        if (key === undefined) return true;
        unknown.add(text);
        return false;
      },
    },
  );
  const [first, ...rest] = parsed._.map(String);
  const command = isCommand(first) ? first : null;
  if (first !== undefined && command === null) {
    mistakes.push(`"${first}" is not a command: expected one of ${Object.keys(COMMANDS).join(", ")}`);
  }
  const { least, most, usage } = (command === null ? undefined : FILES[command]) ?? { least: 0, most: 0 };
  const taken = most === 0
    ? "options only"
    : most === 2
    ? "two files and options"
    : `one ${command === "report" ? "file" : command === "worker" ? "database" : "journal"} and options`;
  for (const word of rest.slice(most)) {
    mistakes.push(`"${withoutPassword(word)}" is one word too many: "${first}" takes ${taken}`);
  }
  const help = `"penstock ${command === null ? "" : `${command} `}--help" lists the options`;
  for (const text of unknown) {
    mistakes.push(`${withoutToken(text)} is not an option: ${meantBy(text, command)}${help}`);
  }
  const given: GivenOptions = {};
  for (const name of inOrderOf(args)) {
    const texts = parsed[optionWord(name)];
    if (!Array.isArray(texts) || texts.length === 0) continue;
    const { repeats = false, isPrivate = false }: Option<unknown, string | null> = OPTIONS[name];
    if (texts.length > 1 && !repeats) {
      const values = isPrivate ? "" : ` (${texts.map(withoutPassword).join(", ")})`;
      mistakes.push(`--${optionWord(name)} is given ${texts.length} times${values}: expected once`);
    }
    given[name] = { text: repeats ? texts.join(" ") : String(texts[0]), source: "command line" };
  }
  for (const name of SWITCHES) {
    if (parsed[optionWord(name)] === true) {
      given[name] = { text: "on", source: "command line" };
    }
  }
  for (const [text, name, value] of args.map((arg) => /^--([^=]+)=(.*)$/s.exec(arg) ?? [])) {
    if (text === undefined || !SWITCHES.some((candidate) => optionWord(candidate) === name)) continue;
    mistakes.push(`--${name} is "${value}": expected no value, it is a switch`);
  }
  if (command !== null) {
    for (const name of Object.keys(given) as OptionName[]) {
      if (OPTIONS[name].commands.includes(command)) continue;
      mistakes.push(`--${optionWord(name)} is not an option of "${command}": ${help}`);
    }
  }
  if (command !== null && ONE_RUN.includes(command) && given.run?.text === "all") {
    mistakes.push(`--run is "all": expected the number of one run for "${command}"`);
  }
  const wantsText = parsed.help === true || parsed.version === true;
  // A file after an unknown option was mistaken for its value.
  if (rest.length < least && unknown.size === 0 && !wantsText) {
    const count = command === "worker" ? "no database" : rest.length === 0 ? "no file" : "one file";
    mistakes.push(`${count} given: expected "penstock ${command} ${usage}`);
  }
  return {
    command,
    files: rest.slice(0, most),
    help: parsed.help === true,
    version: parsed.version === true,
    given,
    mistakes,
  };
}

/** The options that take a value; those on the command line first, in its order: a sweep varies the last one fastest. */
function inOrderOf(args: readonly string[]): readonly OptionName[] {
  const words = args.map((arg) => /^--([^=]+)/.exec(arg)?.[1]);
  const place = (name: OptionName): number => {
    const at = words.indexOf(optionWord(name));
    return at < 0 ? words.length : at;
  };
  return [...VALUED].sort((one, other) => place(one) - place(other));
}

/** A question such as "did you mean --short?" before the advice; empty if no option is close, or only an opposite is. */
function meantBy(text: string, command: CommandName | null): string {
  const word = /^-+(?!-|no-)([^=]*)/.exec(text)?.[1] ?? "";
  const names = OPTION_NAMES.filter((name) => command === null || OPTIONS[name].commands.includes(command));
  const meant = closestName(word, names.map(optionWord));
  return meant === null ? "" : `did you mean --${meant}? `;
}

/**
 * Joins an option with a negative number or an empty text after it: such a text is its value, not an option or a file, and
 * is refused as a value. Where a value may have two words, also joins an address with the duration after it.
 */
function joinValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    const isValue = /^(-[\d.]|$)/.test(arg) && VALUED.some((name) => `--${optionWord(name)}` === before);
    const first = millisecondsIn(arg) === null ? null : firstOfTwo(joined);
    if (first !== null) joined.splice(-first.words, first.words, `${first.text} ${arg}`);
    else if (isValue) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

/** Options whose value may have a second word. */
const TWO_WORDS = VALUED.filter(takesDuration).map((name) => `--${optionWord(name)}`);

function takesDuration(name: OptionName): boolean {
  const { takesDuration = false }: Option<unknown, string | null> = OPTIONS[name];
  return takesDuration;
}

/** The option at the end of `words` and the first word of its value, as one text; null if no second word may follow. */
function firstOfTwo(words: readonly string[]): { readonly text: string; readonly words: number } | null {
  const [option = "", value = ""] = words.slice(-2);
  const last = words.at(-1) ?? "";
  if (TWO_WORDS.some((name) => last.startsWith(`${name}=`)) && !last.includes(" ")) {
    return { text: last, words: 1 };
  }
  const isFirst = TWO_WORDS.includes(option) && !value.startsWith("-");
  return isFirst ? { text: `${option}=${value}`, words: 2 } : null;
}

/**
 * The words without those that parseArgs would mistake for "_", its list of files. Those are added to `unknown`.
 */
function withoutUnderscores(words: readonly string[], unknown: Set<string>): string[] {
  const end = words.indexOf("--");
  return words.filter((word, at) => {
    const isUnderscore = (end < 0 || at < end) && /^(--_(=|$)|-[^-=]*_)/.test(word);
    if (isUnderscore) unknown.add(word);
    return !isUnderscore;
  });
}

function isCommand(text: string | undefined): text is CommandName {
  return text !== undefined && Object.hasOwn(COMMANDS, text);
}
