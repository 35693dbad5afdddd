/** The runs in one database, as a table. */
import type { RunStatus } from "../../domain/run/run_status.ts";
import { money, span } from "../terminal/figures.ts";
import { printable } from "../terminal/terminal.ts";
import { padLeft, padRight, textWidth } from "../terminal/text_width.ts";

/** One journal of a database, and its last run. */
export interface FleetRow {
  readonly name: string;
  /** The process that holds the journal, or held it last, and its machine; null if no process ever held it. */
  readonly holder: string | null;
  /** Whether that process holds the journal now. */
  readonly isHeld: boolean;
  /** The status of the last run; null if there is none yet, or it cannot be read. */
  readonly status: RunStatus | null;
  /** Why it cannot be read; null if it can. */
  readonly flaw: string | null;
}

const HEAD = ["name", "symbol", "state", "trading", "equity", "lag", "held by"];
/** Amounts and times are aligned to the right of their columns. */
const AT_RIGHT = [4, 5];

/** The number of journals, and below it a line for each, by name. */
export function fleetTable(database: string, rows: readonly FleetRow[]): string {
  const count = `${rows.length} ${rows.length === 1 ? "journal" : "journals"} in ${database}`;
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => textWidth(row[column]!))));
  const lines = cells.map((row) =>
    `  ${row.map((cell, at) => (AT_RIGHT.includes(at) ? padLeft : padRight)(cell, widths[at]!)).join("  ")}`
      .trimEnd()
  );
  const flaws = rows.flatMap(({ name, flaw }) => flaw === null ? [] : [`  ${name}: ${flaw}`]);
  return ["", count, ...(rows.length === 0 ? [] : lines), ...flaws, ""].map(printable).join("\n");
}

function cellsOf({ name, holder, isHeld, status, flaw }: FleetRow): string[] {
  const held = isHeld && holder !== null ? holder : "";
  if (status === null) return [name, "", flaw === null ? "empty" : "UNREADABLE", "", "", "", held];
  const { symbol, state, halted, halt, equity, lagMs } = status;
  return [
    ...[name, symbol, state === "silent" ? "SILENT" : state, halted ? `HALTED (${halt?.reason})` : "yes"],
    ...[money(equity), state !== "running" || lagMs === null ? "" : span(lagMs), held],
  ];
}
