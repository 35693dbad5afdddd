/** The tables of commands and of options in docs/options.md, from the table that `--help` is made from. */
import { type CommandName, COMMANDS } from "../../src/domain/command_name.ts";
import { defaultText, kebab, OPTION_NAMES, type OptionName, OPTIONS } from "../../src/domain/options.ts";
import { textWidth } from "../../src/views/text_width.ts";

/** What every command does, as a table. */
export function commandTable(): string {
  const names = Object.keys(COMMANDS) as CommandName[];
  return table(["command", "what it does"], names.map((name) => [`\`${name}\``, COMMANDS[name]]));
}

/** Every option with its default, its meaning and the commands that take it, as a table. */
export function optionTables(): string {
  const rows = OPTION_NAMES.map((name) => {
    const takers = OPTIONS[name].commands.map((command) => `\`${command}\``).join(", ");
    return [`\`${written(name)}\``, defaults(name), OPTIONS[name].help, takers];
  });
  return table(["option", "default", "meaning", "commands"], rows);
}

function written(name: OptionName): string {
  const { value } = OPTIONS[name];
  return `--${kebab(name)}${value === null ? "" : ` ${value}`}`;
}

/** The default; where a command has another one, each with its commands. */
function defaults(name: OptionName): string {
  const { commands, value } = OPTIONS[name];
  if (value === null) return "off";
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
