/**
 * How fast Penstock is: `deno task bench`. Every figure is a ratio of two measurements of this run, taken in turn, or a
 * distribution, because absolute figures depend on this machine's load.
 */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { Account } from "../../src/domain/account/account.ts";
import { tradingParametersOf } from "../../src/config/config.ts";
import { Drawdown } from "../../src/domain/performance/drawdown.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import type { TradingParameters } from "../../src/domain/risk/trading_parameters.ts";
import type { SignalledBlock } from "../../src/domain/market/block.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { AverageStage } from "../../src/stages/average.ts";
import { PaperFills } from "../../src/stages/fill.ts";
import { Parse } from "../../src/stages/parse.ts";
import { RiskGate } from "../../src/stages/risk.ts";
import { RiskStage } from "../../src/stages/risk_stage.ts";
import { SignalStage } from "../../src/stages/signal.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import { copyOf } from "../support/blocks.ts";
import { config, makeMessages, MESSAGES, newPipeline } from "./stream.ts";
import { median, table } from "./table.ts";
import { timed, timedAsync } from "./timing.ts";

const ROUNDS = 45;
/** Few enough that no major garbage collection runs while the stages are timed; there are many rounds instead. */
const LIMIT_MESSAGES = 20_000;
const LIMIT_ROUNDS = 301;

/** Every limit, set so that none is ever reached and the same orders fill. */
const LIMITS: Partial<TradingParameters> = {
  maxDrawdown: new Money("0.99"),
  maxDailyLoss: new Money("0.99"),
  maxPosition: new Money(1e9),
  maxOrders: { count: 1_000, within: 1 },
  cooldown: 0,
  maxLag: 1e12,
  orderTtl: 1e12,
  stopLoss: new Money("0.99"),
  takeProfit: new Money(100),
  trailingStop: new Money("0.99"),
};

const messages = makeMessages();
const reader = new FrameBatch(new BinanceMessageReader(config.symbol));
console.log(`${MESSAGES} trade messages of the built-in exchange with seed 1; windows 20 and 50\n`);
inMemory();
underLimits();
oneAtATime();
await startUp();
Deno.exit();

/** Messages in memory → fills, compared with JSON.parse alone. */
function inMemory(): void {
  const parse: number[] = [];
  const pipeline: number[] = [];
  let fills = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let ids = 0;
    parse.push(timed(() => {
      for (const message of messages) ids += JSON.parse(message).t;
    }));
    if (ids === 0) throw new Error("nothing was parsed");
    const run = newPipeline();
    pipeline.push(timed(() => {
      for (const event of run.run(reader.open(messages))) if (event.type === "fill") fills++;
    }));
  }
  const perSecond = (ms: number): string => `${(MESSAGES / ms / 1000).toFixed(2)} M/s`;
  const ratios = pipeline.map((ms, round) => ms / parse[round]!);
  table("Messages in memory → parse → averages → signal → risk → fill", [
    ["JSON.parse of the same messages, nothing else", perSecond(median(parse))],
    ["the whole pipeline", `${perSecond(median(pipeline))}, best ${perSecond(Math.min(...pipeline))}`],
    ["fills a round", `${fills / ROUNDS}`],
    ["time, pipeline ÷ JSON.parse", `${median(ratios).toFixed(2)} (best ${Math.min(...ratios).toFixed(2)})`],
  ]);
}

/**
 * The risk and fill stages alone, with every limit and with none. The output of the earlier stages is made beforehand.
 */
function underLimits(): void {
  const none = { ...tradingParametersOf(config), maxDrawdown: null };
  const rounds = { none: [] as number[], all: [] as number[] };
  const fills = { none: 0, all: 0 };
  for (let round = 0; round < LIMIT_ROUNDS; round++) {
    for (const which of round % 2 === 0 ? ["none", "all"] as const : ["all", "none"] as const) {
      const parameters = which === "none" ? none : { ...none, ...LIMITS };
      const account = new Account(parameters.cash);
      const drawdown = new Drawdown(parameters.cash);
      const stage = new PaperFills(parameters, account, drawdown);
      const gate = new RiskGate(parameters, account, drawdown, stage.exchange);
      const blocks = signalled();
      rounds[which].push(timed(() => {
        for (const _piece of stage.over(new RiskStage(gate).over(blocks)));
      }));
      fills[which] = stage.fills;
    }
  }
  if (fills.none !== fills.all) throw new Error(`${fills.none} fills without limits, ${fills.all} with`);
  const nanoseconds = (ms: readonly number[]): string =>
    `${(median(ms) * 1e6 / LIMIT_MESSAGES).toFixed(0)} ns a trade`;
  const ratios = rounds.all.map((ms, round) => ms / rounds.none[round]!);
  const fastest = Math.min(...rounds.all) / Math.min(...rounds.none);
  table("Risk and fill alone", [
    ["without a limit", nanoseconds(rounds.none)],
    ["with every limit, none of them reached", nanoseconds(rounds.all)],
    ["fills", `${fills.all}`],
    ["time, every limit ÷ none", `median ${median(ratios).toFixed(2)}, fastest rounds ${fastest.toFixed(2)}`],
  ]);
}

/** The output of the first three stages for the first messages, in its own blocks. */
function signalled(): SignalledBlock[] {
  const stages = [new Parse(), new AverageStage(strategyOf(config)()), new SignalStage()] as const;
  const [parse, averages, signals] = stages;
  const read = reader.open(messages.slice(0, LIMIT_MESSAGES));
  return signals.over(averages.over(parse.over(read))).map(copyOf).toArray();
}

/** From the received frame to the booked fill, one message at a time. */
function oneAtATime(): void {
  const run = newPipeline();
  const micros = new Float64Array(MESSAGES);
  for (let i = 0; i < MESSAGES; i++) {
    const one = [messages[i]!];
    const startedAt = performance.now();
    for (const _event of run.run(reader.open(one)));
    micros[i] = (performance.now() - startedAt) * 1000;
  }
  micros.sort();
  const at = (share: number): string => `${micros[Math.floor(share * (MESSAGES - 1))]!.toFixed(1)} µs`;
  table("One trade at a time, from the received frame to the booked fill", [
    ["p50", at(0.5)],
    ["p99", at(0.99)],
    ["p99.9", at(0.999)],
    ["worst", at(1)],
  ]);
}

/** How long the program takes to start. */
async function startUp(): Promise<void> {
  const version: number[] = [];
  const empty: number[] = [];
  const connected: number[] = [];
  await using exchange = BuiltInExchange.listen();
  for (let round = 0; round < 9; round++) {
    empty.push(await timedAsync(() => deno(["eval", "0"])));
    version.push(await timedAsync(() => deno(["run", "--no-prompt", "main.ts", "--version"])));
    connected.push(await timedAsync(() => untilConnected(exchange.endpoint)));
  }
  table("Starting (median of 9 processes)", [
    ["deno, running nothing", `${Math.round(median(empty))} ms`],
    ["penstock --version", `${Math.round(median(version))} ms`],
    ["penstock run, connected to the loopback exchange", `${Math.round(median(connected))} ms`],
  ]);
}

async function deno(args: readonly string[]): Promise<void> {
  await new Deno.Command(Deno.execPath(), { args: [...args], stdout: "null", stderr: "null" }).output();
}

async function untilConnected(endpoint: string): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "main.ts",
      "run",
      "--state=none",
      "--json",
      "--endpoint",
      endpoint,
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes('"connected"')) break;
  }
  child.kill("SIGKILL");
  await child.status;
}
