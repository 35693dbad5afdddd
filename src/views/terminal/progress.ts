/** How far a backtest has come, in one line, as a function of its state. */
import type { BacktestProgress } from "../view.ts";
import { grouped, span } from "./figures.ts";

const MEGABYTE = 1_000_000;
/** Before this much is done, the time left cannot be estimated. */
const LEAST_SHARE = 0.01;

/** One line of at most `width` characters, without colours. */
export function progressLine(
  { bytesRead, bytesTotal, trades, elapsedMs }: BacktestProgress,
  width: number,
): string {
  const share = bytesTotal === null || bytesTotal === 0 ? null : Math.min(1, bytesRead / bytesTotal);
  const left = share === null || share < LEAST_SHARE ? null : elapsedMs * (1 - share) / share;
  const parts = [
    share === null ? "" : `${Math.floor(share * 100)} %`,
    bytesTotal === null
      ? `${megabytes(bytesRead)} MB`
      : `${megabytes(bytesRead)} of ${megabytes(bytesTotal)} MB`,
    `${grouped(trades)} trades`,
    elapsedMs === 0 ? "" : `${grouped(Math.round(trades * 1000 / elapsedMs))} trades/s`,
    left === null ? "" : `${span(Math.round(left))} left`,
  ];
  const line = parts.filter((part) => part !== "").join("  ");
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}
