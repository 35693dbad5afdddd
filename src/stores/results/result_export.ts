/** Reads the parts of a result for other tools: its fills, its equity curve and what it realized. */
import type { FillEvent } from "../../domain/run/event.ts";
import { timeIn } from "../../domain/numbers/time.ts";
import { RESULT_VERSION, SCHEMA } from "./result_file.ts";
import { AFTER_FILLS, FILLS, readResult, resultLines, UnusableResult } from "./result_reading.ts";

/** Amounts as a result shows them; decimal arithmetic on far longer ones would take too much time. */
const AMOUNT = /^-?\d{1,60}(\.\d{1,60})?$/;
/** How many characters of an invalid line a message shows. */
const SHOWN = 80;

/** A result's totals and its equity curve, for other tools. */
export interface ExportedResult {
  readonly symbol: string;
  /** Decimal text, quote currency. */
  readonly realized: string;
  /** Pairs of time and equity, oldest first. */
  readonly equityCurve: readonly (readonly [time: string, equity: string])[];
}

/**
 * The result at `path` without its fills. Throws an UnusableResult if it is not of this version, is damaged, or is
 * incomplete.
 */
export async function exportedResult(path: string): Promise<ExportedResult> {
  const found = await readResult(path);
  const { schema, version, summary, equityCurve } = (found ?? {}) as Record<string, unknown>;
  if (schema !== SCHEMA) {
    throw new UnusableResult(
      `${path} is JSON, but not a result of penstock backtest --out. Name such a file, or the journal of a run`,
    );
  }
  if (version !== RESULT_VERSION) {
    throw new UnusableResult(
      `${path} is a result of version ${version}, but this Penstock reads ${RESULT_VERSION}: repeat the backtest`,
    );
  }
  const { symbol, realized } = (summary ?? {}) as Record<string, unknown>;
  const isWhole = typeof symbol === "string" && isAmount(realized) && Array.isArray(equityCurve) &&
    equityCurve.every((pair) => Array.isArray(pair) && isTime(pair[0]) && isAmount(pair[1]));
  if (!isWhole) throw edited(path, "its summary or its equity curve is not as Penstock writes it");
  return { symbol, realized, equityCurve };
}

/** The fills of the result at `path`, oldest first, in memory that does not grow with them. Throws an UnusableResult. */
export async function* resultFills(path: string): AsyncGenerator<FillEvent> {
  using file = await Deno.open(path);
  let isInFills = false;
  for await (const line of resultLines(file, path)) {
    if (isInFills && line === AFTER_FILLS) return;
    if (isInFills && line !== "") yield fillIn(line, path);
    else isInFills ||= line === FILLS;
  }
  throw edited(path, isInFills ? "its fills do not end" : "it has no fills");
}

/** The fill on a line of a result. */
function fillIn(line: string, path: string): FillEvent {
  let fill: unknown = null;
  try {
    fill = JSON.parse(line.replace(/,$/, ""));
  } catch {
    // The error below reports it.
  }
  const { type, time, symbol, side, price, quantity, fee, cash, position, realized, tradeId, signalTradeId } =
    (fill ?? {}) as Record<string, unknown>;
  const isFill = type === "fill" && isTime(time) && typeof symbol === "string" &&
    (side === "buy" || side === "sell") &&
    [price, quantity, fee, cash, position, realized ?? "0"].every(isAmount) &&
    [tradeId, signalTradeId].every(Number.isSafeInteger);
  if (!isFill) throw edited(path, `one of its fills is ${line.slice(0, SHOWN)}`);
  return fill as FillEvent;
}

function edited(path: string, what: string): UnusableResult {
  return new UnusableResult(
    `${path} is damaged, or was edited: ${what}. Restore it from a copy, or repeat the backtest`,
  );
}

function isAmount(value: unknown): value is string {
  return typeof value === "string" && AMOUNT.test(value);
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && timeIn(value) !== null;
}
