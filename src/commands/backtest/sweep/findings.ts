/** Everything that a sweep has found so far, pass by pass, and its summary in the last event. */
import type { Grid, Swept } from "../../../config/grid.ts";
import type { Config } from "../../../config/options.ts";
import type {
  ConfigurationEvent,
  ShownOptions,
  SweepEvent,
  SweepRow,
} from "../../../domain/run/sweep_result.ts";
import type { Rank } from "../../../domain/run/sweep_rank.ts";
import type { FoldResult } from "../../../stages/sweep/fold_result.ts";
import { type RowsSnapshot, SweepRows } from "../../../stages/sweep/sweep_rows.ts";
import { type Candidate, WalkForward } from "../../../stages/sweep/walk_forward.ts";
import type { PartialSweep, Unfinished } from "../../../stores/results/sweep_file.ts";
import type { TriedTrades } from "../../../stores/tries/tries_file.ts";
import type { RankedRows } from "../../../views/tables/ranked_rows.ts";
import { Ranking } from "../../../views/tables/ranking.ts";
import type { Fold } from "./folds.ts";
import { judge } from "./judgement.ts";
import type { PassResult } from "./sweep_pass.ts";

/** The facts about the trades that are known after a pass. */
export type TradeFacts = Omit<PassResult, "folds">;

/** What a partial result keeps for the sweep that continues it, and what a part keeps for the join. */
export interface Kept {
  readonly facts: TradeFacts;
  readonly rows: RowsSnapshot;
  readonly walks: readonly (readonly (Candidate | null)[])[];
  readonly texts: readonly string[];
}

/** The findings of one sweep. */
export class Findings {
  /** The text that identifies each configuration so far, so that one that was tried before is recognized. */
  readonly texts: string[] = [];
  /** Null before the first pass. */
  facts: TradeFacts | null = null;
  readonly #grid: Grid;
  readonly #places: readonly number[];
  readonly #config: Config;
  readonly #configurations: number;
  readonly #rows: SweepRows;
  /** One for each figure that the rows may be ranked by. */
  readonly #choices: readonly { readonly ranking: Ranking; readonly walk: WalkForward }[];
  #done = 0;

  /**
   * Rows are ranked by the first of `ranks` that some row has, in each window too; if no row has any, by the last one.
   * `configurations` counts those of the whole sweep, of which `places` may be a part.
   */
  constructor(
    { grid, places }: Swept,
    config: Config,
    { ranks, configurations }: { readonly ranks: readonly Rank[]; readonly configurations: number },
  ) {
    this.#grid = grid;
    this.#places = places;
    this.#config = config;
    this.#configurations = configurations;
    this.#rows = new SweepRows(configurations);
    this.#choices = ranks.map((rank) => ({
      ranking: new Ranking(grid, rank),
      walk: new WalkForward(rank),
    }));
  }

  /** How many configurations are finished. */
  get done(): number {
    return this.#done;
  }

  /** The number of figures that the rows may be ranked by. */
  get ranks(): number {
    return this.#choices.length;
  }

  /** Whether the whole sweep has more configurations than these. */
  get isPartial(): boolean {
    return this.#done < this.#configurations;
  }

  /** Takes the results of a pass over the next configurations, and returns their rows. */
  add(
    { folds: results, ...facts }: PassResult,
    folds: readonly Fold[],
    texts: readonly string[],
  ): ConfigurationEvent[] {
    this.facts = facts;
    const of = (use: Fold["use"]): readonly (readonly FoldResult[])[] =>
      results.filter((_, id) => folds[id]!.use === use);
    const [choice = []] = of("choice");
    const [test = null] = of("test");
    const places = this.#places.slice(this.#done, this.#done + choice.length);
    for (const { walk } of this.#choices) walk.add(places, of("window"));
    this.texts.push(...texts);
    return choice.map((result, lane) => {
      const kept = test?.[lane] ?? null;
      this.#rows.add(result, kept);
      return this.#row({
        options: this.#optionsAt(places[lane]!),
        ...result.figures,
        test: kept?.figures ?? null,
      });
    });
  }

  /** Continues with a partial result or the next part, and returns its rows. */
  restore({ rows, unfinished }: PartialSweep): ConfigurationEvent[] {
    // The sweep was stopped before anything was finished.
    if (rows.length === 0) return [];
    const kept = unfinished as unknown as Kept;
    this.facts = kept.facts;
    for (const text of kept.texts) this.texts.push(text);
    this.#rows.restore(kept.rows);
    for (const [at, { walk }] of this.#choices.entries()) walk.restore(kept.walks[at]!);
    return rows.map((row) => this.#row(row));
  }

  /** What `restore` needs. */
  get unfinished(): Unfinished {
    if (this.facts === null) return {};
    const walks = this.#choices.map(({ walk }) => Array.from(walk.candidates, (one) => one ?? null));
    return { facts: this.facts, rows: this.#rows.snapshot(), walks, texts: this.texts } satisfies Kept;
  }

  /** The trades, for the count of what was tried on them; null before the first pass. */
  get trades(): TriedTrades | null {
    return this.facts === null ? null : { symbol: this.#config.symbol, ...this.facts };
  }

  /** The places of the best rows, best first. */
  get bestPlaces(): readonly number[] {
    return this.#choice.ranking.places;
  }

  /** The best rows, for views. */
  get ranked(): RankedRows {
    return this.#choice.ranking.shown;
  }

  /** The last event; `tried` counts all tries on these trades so far. */
  event(tried: number, elapsedMs: number): SweepEvent {
    const { symbol, walkForward } = this.#config;
    const { ranking: { best, rank }, walk } = this.#choice;
    const { trades = 0, to = "1970-01-01T00:00:00.000000Z" } = this.facts ?? {};
    return {
      type: "sweep",
      time: to,
      symbol,
      configurations: this.#done,
      refused: this.#grid.size - this.#configurations,
      trades,
      elapsedMs: Math.round(elapsedMs),
      tradeConfigurationsPerSecond: Math.round(trades * this.#done * 1000 / elapsedMs),
      rank,
      best: best === null ? null : best.row.options,
      ...judge(this.#rows, {
        best: best === null ? null : this.#places.indexOf(best.place),
        tried,
        walk: walkForward === null ? null : walk,
      }),
      ...walk.shown((place) => this.#optionsAt(place)),
      partial: this.isPartial,
    };
  }

  #row(row: SweepRow): ConfigurationEvent {
    const event: ConfigurationEvent = {
      type: "configuration",
      time: this.facts!.to,
      symbol: this.#config.symbol,
      ...row,
    };
    for (const { ranking } of this.#choices) ranking.add(this.#places[this.#done]!, event);
    this.#done++;
    return event;
  }

  get #choice(): { readonly ranking: Ranking; readonly walk: WalkForward } {
    const windows = this.#config.walkForward ?? 0;
    return this.#choices.find(({ ranking, walk }) => ranking.best !== null && walk.count === windows) ??
      this.#choices.at(-1)!;
  }

  #optionsAt(place: number): ShownOptions {
    return this.#grid.options(this.#grid.configuration(place));
  }
}
