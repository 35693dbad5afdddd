/** Events in words, for the log. */
import type { GapEvent, PenstockEvent } from "../domain/event.ts";
import { assets } from "./assets.ts";

/** One line of the log. */
export interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

/** What an event says to a person, or null where another view shows it. */
export function narrate(event: PenstockEvent): Line | null {
  switch (event.type) {
    case "started": {
      const { symbol, short, long, cash, stake, fee } = event.config;
      return info(
        `Penstock ${event.version} ${event.command}: ${symbol}, averages of ${short} and ${long} trades, ` +
          `cash ${cash}, stake ${stake}, fee ${fee}; on paper only`,
      );
    }
    case "connected":
      return info(`connected to ${event.endpoint}${event.attempt > 1 ? ` at try ${event.attempt}` : ""}`);
    case "disconnected": {
      const again = event.retryInMs === 0 ? "at once" : `in ${seconds(event.retryInMs)}`;
      const hint = event.hint === undefined ? "" : `. ${event.hint}`;
      return warn(`not connected: ${event.reason}; trying again ${again}${hint}`);
    }
    case "gap":
      return gapLine(event);
    case "signal": {
      const word = event.side === "buy" ? "above" : "below";
      return info(
        `${event.side} signal at ${event.price}: short average ${event.shortAverage} is ${word} ` +
          `long ${event.longAverage}`,
      );
    }
    case "refusal":
      return warn(
        `${event.side} refused (${event.reason}): ${event.value} found, limit ${event.limit}, trade ${event.tradeId}`,
      );
    case "fill": {
      const { base, quote } = assets(event.symbol);
      const done = event.side === "buy" ? "bought" : "sold";
      const result = event.realized === undefined ? "" : `, result ${signed(event.realized)}`;
      return info(
        `${done} ${event.quantity} ${base} at ${event.price}, fee ${event.fee}${result}; ` +
          `cash ${event.cash} ${quote}`,
      );
    }
    case "expired":
      return warn(
        `a ${event.side} order still waited when the input ended (signal at trade ${event.signalTradeId})`,
      );
    case "halt":
      return warn(
        `halted: ${event.reason} ${event.value} reached the limit ${event.limit} at trade ${event.tradeId}; ` +
          "no more buys in this run",
      );
    case "rejected":
      return warn(
        `${event.count} unusable message${event.count === 1 ? "" : "s"}: ${event.reason}: ${event.sample}`,
      );
    case "status":
      return {
        level: "debug",
        text:
          `${event.trades} trades, ${event.tradesPerSecond}/s, equity ${event.equity}, position ${event.position}`,
      };
    case "model":
    case "summary":
      return null;
  }
}

function gapLine({ fromId, toId, missing, filled }: GapEvent): Line {
  if (missing === 0) return warn(`the trade ids start anew at ${toId + 1}: the averages start again`);
  const gap = missing === 1
    ? `gap: trade ${fromId} missing`
    : `gap: ${missing} trades missing (${fromId} to ${toId})`;
  if (filled === missing) return info(`${gap}: fetched; late trades move the averages and trade nothing`);
  const fetched = filled === 0 ? "" : `${filled} fetched, `;
  return warn(`${gap}: ${fetched}the averages start again`);
}

/** A duration for people: `0.35 s`, `12 s`. */
export function seconds(milliseconds: number): string {
  return milliseconds < 10_000
    ? `${Number((milliseconds / 1000).toFixed(2))} s`
    : `${Math.round(milliseconds / 1000)} s`;
}

/** An amount with its sign, also when positive. */
export function signed(amount: string): string {
  return amount.startsWith("-") || amount === "0" ? amount : `+${amount}`;
}

function info(text: string): Line {
  return { level: "info", text };
}

function warn(text: string): Line {
  return { level: "warn", text };
}
