/** The chart: price with fills, equity, drawdown, account, last fills and log on the whole screen. */
import type { Money } from "../../domain/numbers/money.ts";
import { estimate } from "../../domain/numbers/money.ts";
import type { PenstockEvent } from "../../domain/run/event.ts";
import type { Picture, Surround } from "../picture.ts";
import { type NamedAssets, namedAssets } from "../terminal/assets.ts";
import type { Row, ScreenSize } from "../terminal/styled_rows.ts";
import type { LiveGlance } from "../view.ts";
import { type ChartFigures, figuresOf } from "./chart_figures.ts";
import { ChartHistory, SPANS } from "./chart_history.ts";
import { chartScreen, LEAST_SIZE } from "./chart_screen.ts";
import { Holding } from "./holding.ts";

/** Follows one live run and draws it. */
export class ChartPicture implements Picture {
  readonly least = LEAST_SIZE;
  readonly keys = "+ - time shown";
  readonly #start: Money;
  readonly #history = new ChartHistory();
  readonly #holding = new Holding();
  #named: NamedAssets | null = null;
  #figures: ChartFigures | null = null;
  /** The length of time that the user chose; null for the usual one. */
  #span: number | null = null;

  /** `start` is what the account started with, quote currency. */
  constructor(start: Money) {
    this.#start = start;
  }

  event(event: PenstockEvent): void {
    if (event.type === "started") this.#named = namedAssets(event.config["instrument"]);
    else if (event.type === "rules") this.#named = namedAssets(event.instrument);
    else if (event.type === "fill") this.#holding.fill(event);
    this.#history.event(event);
  }

  glance(glance: LiveGlance): void {
    const figures = this.#figures = figuresOf(glance, {
      start: this.#start,
      holding: this.#holding,
      named: this.#named,
    });
    const { run: { price, lastTime, equity } } = glance;
    if (price === null || lastTime === null) return;
    this.#history.sample({
      time: lastTime,
      price: estimate(price),
      equity: estimate(equity),
      values: Object.fromEntries(
        Object.entries(figures.values ?? {}).map(([name, value]) => [name, Number(value)]),
      ),
    });
  }

  press(key: string): boolean {
    const by = key === "+" || key === "=" ? -1 : key === "-" ? 1 : 0;
    if (by === 0) return false;
    const span = (this.#span ?? this.#history.usualSpan) + by;
    this.#span = Math.min(SPANS.length - 1, Math.max(0, span));
    return true;
  }

  rows(size: ScreenSize, { log, footer }: Surround): Row[] {
    const span = this.#span ?? this.#history.usualSpan;
    return chartScreen({ figures: this.#figures, history: this.#history, span, log, footer }, size);
  }
}
