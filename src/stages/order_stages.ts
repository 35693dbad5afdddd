/** The stages after the signal, for one symbol, and the account that the symbols of a run share. */
import { Account } from "../domain/account/account.ts";
import type { SignalledBlock } from "../domain/market/block.ts";
import type { Filled } from "../domain/market/tick.ts";
import { Drawdown } from "../domain/performance/drawdown.ts";
import { Performance } from "../domain/performance/performance.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import { AccountRisk } from "./account_risk.ts";
import { PaperFills } from "./fill.ts";
import type { RefusalCount } from "./refusal_count.ts";
import { RiskGate } from "./risk.ts";
import { type Piece, RiskStage } from "./risk_stage.ts";

/** The stages after the signal, for one symbol. */
export class OrderStages {
  /** As the orders of this symbol see it. */
  readonly account: Account;
  readonly gate: RiskGate;
  readonly fills: PaperFills;
  readonly #risk: RiskStage;

  constructor(
    parameters: TradingParameters,
    account: Account,
    { drawdown, risk, refusals }: AccountBooks,
  ) {
    this.account = account;
    this.fills = new PaperFills(parameters, account, drawdown);
    this.gate = new RiskGate(parameters, account, drawdown, this.fills.exchange, undefined, risk);
    this.#risk = new RiskStage(this.gate, refusals);
  }

  /** The blocks in pieces that end where something happens, with what became of the orders there. */
  over(blocks: Iterable<SignalledBlock>): Generator<Piece<Filled>> {
    return this.fills.over(this.#risk.over(blocks));
  }

  /** From now on, orders follow these rules of the instrument; rules that are not given stay as they are. */
  takeRules(rules: Partial<TradingRules>): void {
    this.gate.takeRules(rules);
    this.fills.exchange.takeRules(rules);
  }
}

/** The account of a run, and what follows it over all symbols. */
export class AccountBooks {
  readonly drawdown: Drawdown;
  /** What the run is judged by; null unless somebody asks for it. */
  readonly measured: Performance | null;
  readonly risk: AccountRisk;
  /** Counts the refusals that nobody needs to hear of one by one; null if somebody does. */
  readonly refusals: RefusalCount | null;
  readonly #parameters: TradingParameters;
  readonly #account: Account;
  readonly #symbols = new Map<string, OrderStages>();

  /** The curve of the results has `points` at most; as many as it can unless given. */
  constructor(
    parameters: TradingParameters,
    withResults: boolean,
    { refusals = null, points }: {
      readonly refusals?: RefusalCount | null;
      readonly points?: number;
    } = {},
  ) {
    this.refusals = refusals;
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

  /** The stages of a symbol. At the first call for it they are made, with its own rules where they are given. */
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
