/** The walk-forward of a sweep: what was best in each window, and what that earned in the window after. */
import { amountText, fractionText, Money, plain, ZERO } from "../../domain/numbers/money.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { walkForwardEfficiency } from "../../domain/overfitting/walk_forward_efficiency.ts";
import { isBetter, type Rank, rankedFigure } from "../../domain/run/sweep_rank.ts";
import type { ShownOptions, SweepEvent, WalkForwardWindow } from "../../domain/run/sweep_result.ts";
import type { FoldResult } from "./fold_result.ts";

/** The best of one window among the rows so far, and the same configuration in the window after. */
export interface Candidate {
  readonly place: number;
  readonly chosen: FoldResult;
  readonly traded: FoldResult;
}

/** What the last event says about it. */
type Shown = Pick<
  SweepEvent,
  "walkForward" | "walkForwardNetProfit" | "walkForwardEfficiency" | "walkForwardCurve"
>;

/** Chooses in each window from the rows of all passes. */
export class WalkForward {
  readonly #rank: Rank;
  /** By the window that is traded, from the second on; undefined until a row has the figure of the choice. */
  readonly candidates: (Candidate | undefined)[] = [];

  constructor(rank: Rank) {
    this.#rank = rank;
  }

  /** Takes the results of a pass by window: those of the lanes at `places`, in the order of the grid. */
  add(places: readonly number[], windows: readonly (readonly FoldResult[])[]): void {
    for (const [window, traded] of windows.entries()) {
      if (window === 0) continue;
      for (const [lane, chosen] of windows[window - 1]!.entries()) {
        if (rankedFigure(chosen.figures, this.#rank) === null) continue;
        const best = this.candidates[window];
        if (best !== undefined && !isBetter(chosen.figures, best.chosen.figures, this.#rank)) continue;
        this.candidates[window] = { place: places[lane]!, chosen, traded: traded[lane]! };
      }
    }
  }

  /** Takes the best of each window among further rows, which come after those so far in the grid. */
  restore(candidates: readonly (Candidate | null)[]): void {
    for (const [window, one] of candidates.entries()) {
      if (one === null) continue;
      const best = this.candidates[window];
      if (best !== undefined && !isBetter(one.chosen.figures, best.chosen.figures, this.#rank)) continue;
      this.candidates[window] = one;
    }
  }

  /** The number of windows in which there was something to choose. */
  get count(): number {
    return this.candidates.filter((one) => one !== undefined).length;
  }

  /** What the windows earned, one after another. */
  shown(optionsAt: (place: number) => ShownOptions): Shown {
    const { kept, net, found } = this.#sums();
    const curve: [string, string][] = [];
    let before = ZERO;
    for (const { traded } of found) {
      for (const [time, equity] of traded.curve) {
        curve.push([isoTime(time), amountText(before.plus(new Money(equity)))]);
      }
      before = before.plus(traded.figures.netProfit);
    }
    return {
      walkForward: found.map(({ place, chosen, traded }): WalkForwardWindow => ({
        from: isoTime(traded.from),
        to: isoTime(traded.to),
        options: optionsAt(place),
        chosenProfit: chosen.figures.netProfit,
        netProfit: traded.figures.netProfit,
      })),
      walkForwardNetProfit: found.length === 0 ? null : plain(net),
      walkForwardEfficiency: kept === null ? null : fractionText(kept),
      walkForwardCurve: curve,
    };
  }

  /** The share of its annualised profit that the choice kept; null without a profit to keep. */
  get kept(): Money | null {
    return this.#sums().kept;
  }

  #sums(): { readonly kept: Money | null; readonly net: Money; readonly found: readonly Candidate[] } {
    const found = this.candidates.filter((one) => one !== undefined);
    let [inside, net, insideSpan, outsideSpan] = [ZERO, ZERO, 0, 0];
    for (const { chosen, traded } of found) {
      inside = inside.plus(chosen.figures.netProfit);
      net = net.plus(traded.figures.netProfit);
      insideSpan += chosen.to - chosen.from;
      outsideSpan += traded.to - traded.from;
    }
    const kept = walkForwardEfficiency({ profit: inside, span: insideSpan }, {
      profit: net,
      span: outsideSpan,
    });
    return { kept, net, found };
  }
}
