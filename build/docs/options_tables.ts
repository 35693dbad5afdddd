/** The tables of commands and options in docs/options.md, from the same source as `--help`. */
import { type CommandName, COMMANDS } from "../../src/config/command_name.ts";
import { type Option, OPTION_GROUPS } from "../../src/config/option.ts";
import { defaultText, OPTION_NAMES, type OptionName, OPTIONS } from "../../src/config/options.ts";
import { optionWord } from "../../src/domain/process/config_error.ts";
import { textWidth } from "../../src/views/terminal/text_width.ts";

/** A table of the commands. */
export function commandTable(): string {
  const names = Object.keys(COMMANDS) as CommandName[];
  return table(["command", "what it does"], names.map((name) => [`\`${name}\``, COMMANDS[name]]));
}

/** A table for each group of options, with defaults, meanings and the commands that accept them. */
export function optionTables(): string {
  const groups = Object.entries(OPTION_GROUPS).map(([group, title]) => {
    const names = OPTION_NAMES.filter((name) => OPTIONS[name].group === group);
    const rows = names.map((name) => {
      const takers = OPTIONS[name].commands.map((command) => `\`${command}\``).join(", ");
      return [`\`${written(name)}\``, defaults(name), meaning(name), takers];
    });
    return `### ${title}\n\n${table(["option", "default", "meaning", "commands"], rows)}`;
  });
  return groups.join("\n\n");
}

/** What an option does, and where a command differs, what it does there. */
function meaning(name: OptionName): string {
  const { help, helpOf = {} }: Option<unknown, string | null> = OPTIONS[name];
  return [help, ...Object.entries(helpOf).map(([command, text]) => `${command}: ${text}`)].join("; ");
}

function written(name: OptionName): string {
  const { value } = OPTIONS[name];
  return `--${optionWord(name)}${value === null ? "" : ` ${value}`}`;
}

/** The default; if commands have different ones, each with its commands. */
function defaults(name: OptionName): string {
  const { commands, value, shownDefault }: Option<unknown, string | null> = OPTIONS[name];
  if (value === null) return "off";
  if (shownDefault !== undefined) return /^\S+$/.test(shownDefault) ? `\`${shownDefault}\`` : shownDefault;
  const byText = new Map<string, CommandName[]>();
  for (const command of commands) {
    const text = defaultText(name, command);
    const shown = text === null ? "–" : `\`${text}\``;
    byText.set(shown, [...byText.get(shown) ?? [], command]);
  }
  const texts = [...byText];
  if (texts.length === 1) return texts[0]![0];
  return texts.map(([text, takers]) => `${text} (${takers.join(", ")})`).join("; ");
}

/** A table in Markdown, laid out as `deno fmt` lays it out. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heads, ...rows].map((row) => row.map((text) => text.replaceAll("|", "\\|")));
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => textWidth(row[column]!))));
  const line = (row: readonly string[], fill: string) =>
    `| ${row.map((text, i) => text + fill.repeat(widths[i]! - textWidth(text))).join(" | ")} |`;
  const [head, ...body] = cells.map((row) => line(row, " "));
  return [head, line(heads.map(() => ""), "-"), ...body].join("\n");
}
