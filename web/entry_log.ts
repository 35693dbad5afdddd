/** The entries of a run in the words of its own log. */
import type { LiveEntry } from "../src/views/page/live_message.ts";
import type { NamedAssets } from "../src/views/terminal/assets.ts";
import type { JournalEvent } from "../src/domain/run/followed_moment.ts";
import { stopText } from "../src/domain/run/run_status.ts";
import { HaltedSignals } from "../src/views/terminal/halted_signals.ts";
import type { SignalEvent } from "../src/domain/run/event.ts";
import type { Line } from "../src/views/view.ts";

/** Rows kept. */
const MOST_ROWS = 300;
/** How much of an entry without its own text is shown. */
const MOST_CHARACTERS = 300;

/** What a row is about. */
export type RowKind = "trade" | "alert" | "other";

/** One line of the log. */
export interface LogRow {
  /** Unique, and increasing from row to row. */
  readonly id: number;
  readonly seq: number;
  /** ISO 8601. */
  readonly time: string;
  readonly kind: RowKind;
  readonly type: LiveEntry["type"];
  /** Its kind in a word, such as `buy` or `halt`; the text continues from there. */
  readonly label: string;
  readonly text: string;
  readonly isWarning: boolean;
}

/** The last rows of a log. */
export class EntryLog {
  /** Oldest first. */
  readonly rows: LogRow[] = [];
  #signals = new HaltedSignals();
  /** A signal whose order may be filled by the next entry, whose text then includes the reason. */
  #signal: ({ readonly seq: number } & SignalEvent) | null = null;
  #next = 0;

  /** Adds the next entry, and returns the new rows. `named` are the exchange's names for the assets. */
  take(entry: LiveEntry, named: NamedAssets | null): LogRow[] {
    const rows: LogRow[] = [];
    const signal = this.#signal;
    const isItsFill = signal !== null && entry.type === "fill" && entry.signalTradeId === signal.tradeId &&
      entry.side === signal.side;
    if (!isItsFill) rows.push(...this.settle(named));
    this.#signal = entry.type === "signal" ? entry : null;
    const { seq: _, ...event } = entry;
    return [...rows, ...this.#rowsOf(entry, () => this.#wordsOf(event, named))];
  }

  /** Adds the row of a signal that was not filled at once. Call it when there are no more entries for now. */
  settle(named: NamedAssets | null): LogRow[] {
    const signal = this.#signal;
    this.#signal = null;
    if (signal === null) return [];
    return this.#rowsOf(signal, () => [...this.#signals.settle(named)]);
  }

  /** Drops everything. */
  clear(): void {
    this.rows.length = 0;
    this.#signals = new HaltedSignals();
    this.#signal = null;
  }

  /** Anyone can write a journal, so an entry that lacks a field is shown as it is. */
  #rowsOf(entry: LiveEntry, words: () => readonly Line[]): LogRow[] {
    let lines: readonly Line[] | null = null;
    try {
      lines = words();
    } catch {
      // Shown as it is, below.
    }
    if (lines === null || lines.some((line) => typeof line?.text !== "string")) {
      const content = JSON.stringify(entry).slice(0, MOST_CHARACTERS);
      lines = [{ level: "warn", text: `an incomplete entry: ${content}` }];
    }
    return lines.map((line) => this.#row(entry, line));
  }

  #wordsOf(event: JournalEvent, named: NamedAssets | null): Line[] {
    switch (event.type) {
      case "started": {
        // An entry has `options` where the run's own event has `config`.
        const { type, version = "", options: config = {}, ...rest } = event;
        return [...this.#signals.lines({ ...rest, type, command: "run", version, config }, named)];
      }
      case "resumed":
        return [info(`Penstock ${event.version ?? ""} resumed the run`)];
      case "stopped":
        return [info(`stopped ${stopText(event.reason)}`)];
      default:
        return [...this.#signals.lines(event, named)];
    }
  }

  #row(entry: LiveEntry, { level, text }: Line): LogRow {
    const label = labelOf(entry);
    const row = {
      id: this.#next++,
      seq: entry.seq,
      time: entry.time,
      kind: KINDS[entry.type] ?? "other",
      type: entry.type,
      label,
      // The log of a run is one column of text, which starts with its kind and separates its parts with spaces.
      text: withoutLabel(text, label).replaceAll("  ", " · "),
      isWarning: level === "warn",
    };
    this.rows.push(row);
    if (this.rows.length > MOST_ROWS) this.rows.shift();
    return row;
  }
}

function info(text: string): Line {
  return { level: "info", text };
}

const KINDS: Readonly<Record<string, RowKind>> = {
  fill: "trade",
  signal: "trade",
  expired: "trade",
  refusal: "alert",
  halt: "alert",
  released: "alert",
  gap: "alert",
  reset: "alert",
  connected: "alert",
  disconnected: "alert",
  stopped: "alert",
};

function labelOf(entry: LiveEntry): string {
  switch (entry.type) {
    case "fill":
      return entry.side;
    case "refusal":
      return "refused";
    case "disconnected":
      return "not connected";
    case "halt":
      return "halted";
    default:
      return entry.type;
  }
}

/** Returns the text without the label at its start, or after its side, which is shown separately. */
function withoutLabel(text: string, label: string): string {
  const [, side, rest] = /^(buy|sell) refused (.*)$/s.exec(text) ?? [];
  if (label === "refused" && side !== undefined) return `${side} ${rest}`;
  const isLabelled = text.toLowerCase().startsWith(label) && /^(: | )/.test(text.slice(label.length));
  return isLabelled ? text.slice(label.length).replace(/^(: | )/, "") : text;
}
