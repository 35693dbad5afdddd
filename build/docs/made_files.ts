/** Files that the program reads for the samples. */
import { priceProcess } from "../../src/simulator/price_process.ts";
import type { ExchangeTrade } from "../../src/simulator/trade.ts";

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2025, 0, 1);

/**
 * The built-in exchange's trades for the first days of 2025, one a second, in the layout of Binance: one text for each
 * day.
 */
export function daysOfTrades(days: number): string[] {
  const lines: string[][] = Array.from({ length: days }, () => []);
  for (const trade of tradesOfDays()) {
    const day = lines[Math.floor((trade.time - FIRST_DAY) / DAY_MS)];
    if (day === undefined) break;
    day.push(row(trade));
  }
  return lines.map((day) => `${day.join("\n")}\n`);
}

/** The lines of the first of these trades. */
export function firstTrades(count: number): string[] {
  return tradesOfDays().take(count).map(row).toArray();
}

function tradesOfDays(): Generator<ExchangeTrade> {
  return priceProcess({ seed: 1, rate: 1, firstId: 1, startTime: FIRST_DAY });
}

/** Trades whose ids start over. */
export function restartedIds(): string {
  const startTime = Date.UTC(2025, 0, 1);
  const lines: string[] = [];
  for (const firstId of [1_000_001, 1]) {
    const trades = priceProcess({
      seed: 1,
      rate: 20,
      firstId,
      startTime: startTime + (firstId === 1 ? 10_000 : 0),
    });
    lines.push(...trades.take(100).map(row));
  }
  return `${lines.join("\n")}\n`;
}

/** A recording in which the instrument's rules arrive after the first trade. */
export function awaitedRulesRecording(): string {
  const startTime = Date.UTC(2026, 10, 29, 13, 31, 14);
  const note = (time: number, body: object) => `${time}000 ${JSON.stringify({ penstock: body })}`;
  const rules = {
    lot: "0.00001",
    tick: "0.01",
    minQuantity: "0.00001",
    maxQuantity: "100",
    minNotional: "5",
    maxNotional: null,
  };
  const sources = Object.fromEntries(Object.keys(rules).map((name) => [name, "exchange"]));
  const exchangeInfo = {
    time: "2026-11-29T13:31:15.100000Z",
    host: "data-api.binance.vision:443",
    status: "TRADING",
    base: "BTC",
    quote: "USDT",
    rules: { ...rules, maxNotional: "0" },
  };
  const lines = [
    note(startTime, { event: "recording", version: 1, symbol: "BTCUSDT" }),
    note(startTime, { event: "rules-awaited" }),
    note(startTime, { event: "connected", endpoint: "wss://stream.binance.com:9443", attempt: 1 }),
    note(startTime + 1_100, { event: "rules", rules, instrument: { sources, exchangeInfo } }),
  ];
  const trades = priceProcess({ seed: 1, rate: 20, firstId: 1, startTime }).take(60);
  for (const { id, price, quantity, time, buyerIsMaker } of trades) {
    const message = {
      e: "trade",
      E: time,
      s: "BTCUSDT",
      t: id,
      p: price,
      q: quantity,
      T: time,
      m: buyerIsMaker,
      M: true,
    };
    lines.push(`${Math.max(time, startTime + 1_200)}000 ${JSON.stringify(message)}`);
  }
  return `${lines.join("\n")}\n`;
}

function row({ id, price, quantity, time, buyerIsMaker }: ExchangeTrade): string {
  const quote = (Number(price) * Number(quantity)).toFixed(8);
  return `${id},${price},${quantity},${quote},${time},${buyerIsMaker},true`;
}
