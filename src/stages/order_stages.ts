/** The stages after the signal, for one symbol, and the account that the symbols of a run share. */
import { Account } from "../domain/account/account.ts";
import type { SignalledBlock } from "../domain/market/block.ts";
import type { Filled } from "../domain/market/tick.ts";
import { Drawdown } from "../domain/performance/drawdown.ts";
import { Performance } from "../domain/performance/performance.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import { AccountRisk } from "./account_risk.ts";
import { PaperFills } from "./fill.ts";
import { PartRuns } from "./part_run.ts";
import type { RefusalCount } from "./refusal_count.ts";
import { RiskGate } from "./risk.ts";
import { type Piece, RiskStage } from "./risk_stage.ts";

/** The stages after the signal, for one symbol. */
export class OrderStages {
  /** The account as the orders of this symbol see it. */
  readonly account: Account;
  readonly gate: RiskGate;
  readonly fills: PaperFills;
  readonly #risk: RiskStage;

  constructor(
    parameters: TradingParameters,
    account: Account,
    { drawdown, measured, risk, refusals, joinsParts }: AccountBooks,
  ) {
    this.account = account;
    this.fills = new PaperFills(parameters, account, drawdown);
    this.gate = new RiskGate(parameters, account, drawdown, this.fills.exchange, undefined, risk);
    const { gate, fills } = this;
    const parts = joinsParts ? new PartRuns({ gate: gate.parts, fills, account, drawdown, measured }) : null;
    this.#risk = new RiskStage(gate, refusals, parts);
  }

  /** Yields the blocks in pieces that end where something happens, with the outcomes of the orders there. */
  over(blocks: Iterable<SignalledBlock>): Generator<Piece<Filled>> {
    return this.fills.over(this.#risk.over(blocks));
  }

  /** Applies these rules of the instrument to orders from now on; rules that are not given stay as they are. */
  takeRules(rules: Partial<TradingRules>): void {
    this.gate.takeRules(rules);
    this.fills.exchange.takeRules(rules);
  }
}

/** The account of a run, and what measures it over all symbols. */
export class AccountBooks {
  readonly drawdown: Drawdown;
  /** The run's performance; null if nobody asks for it. */
  readonly measured: Performance | null;
  readonly risk: AccountRisk;
  /** Counts refusals that are not emitted one by one; null if they are. */
  readonly refusals: RefusalCount | null;
  /** Whether nobody sees each part of an order, so that some are booked together. */
  readonly joinsParts: boolean;
  readonly #parameters: TradingParameters;
  readonly #account: Account;
  readonly #symbols = new Map<string, OrderStages>();

  /** The curve of the results has at most `points` points; without it, as many as a curve can have. */
  constructor(
    parameters: TradingParameters,
    withResults: boolean,
    { refusals = null, joinsParts = false, points }: {
      readonly refusals?: RefusalCount | null;
      readonly joinsParts?: boolean;
      readonly points?: number;
    } = {},
  ) {
    this.refusals = refusals;
    this.joinsParts = joinsParts;
    this.#parameters = parameters;
    this.#account = new Account(parameters.cash);
    this.drawdown = new Drawdown(parameters.cash);
    this.measured = withResults ? new Performance(this.#account, this.drawdown, points) : null;
    this.risk = new AccountRisk(parameters, this.drawdown, this.measured);
  }

  /** The stages of each symbol so far. */
  get all(): readonly OrderStages[] {
    return [...this.#symbols.values()];
  }

  /** The stages of a symbol. The first call for a symbol makes them, with the symbol's own rules if those are given. */
  of(symbol: string, rules: Partial<TradingRules> = {}): OrderStages {
    let stages = this.#symbols.get(symbol);
    if (stages === undefined) {
      const account = this.#symbols.size === 0 ? this.#account : this.#account.beside();
      stages = new OrderStages({ ...this.#parameters, ...rules }, account, this);
      this.#symbols.set(symbol, stages);
    }
    return stages;
  }

  /** How the connection was lost; null while data flows. Without data no symbol trades. */
  set lost(lost: "disconnected" | "stale" | null) {
    for (const { gate } of this.#symbols.values()) {
      if (lost === null) gate.connected = true;
      else gate.disconnect(lost);
    }
  }
}
