/** What happened to a run in one UTC day, as far as its journal says. */
import { Money, plain } from "../../domain/numbers/money.ts";
import { DAY, isoTime, timeIn } from "../../domain/numbers/time.ts";
import type { JournalEvent } from "../../domain/run/followed_moment.ts";

/** The figures, which are remembered across restarts. Amounts in quote currency, as decimal text. */
export interface DayFigures {
  /** `2026-12-01`. */
  readonly date: string;
  /** When counting started, µs since 1970: at the start of the day, unless `watch` started later. */
  readonly since: number;
  readonly buys: number;
  readonly sells: number;
  readonly refusals: number;
  readonly halts: number;
  readonly realized: string;
  readonly fees: string;
  /** Equity when the day started; null if it is not known. */
  readonly equity: string | null;
}

/** A day in which nothing has happened since `since` (µs since 1970). */
export function emptyDay(since: number, equity: string | null): DayFigures {
  const counts = { buys: 0, sells: 0, refusals: 0, halts: 0 };
  return { date: dateOf(since), since, ...counts, realized: "0", fees: "0", equity };
}

/** The UTC day of a time in µs since 1970. */
export function dateOf(time: number): string {
  return isoTime(time).slice(0, 10);
}

/** The start of the day after `date`, µs since 1970. */
export function endOf({ date }: Pick<DayFigures, "date">): number {
  // Every date here was written by `dateOf`, or checked when it was read.
  return timeIn(date)! + DAY;
}

/** The figures with one more event. */
export function withEvent(day: DayFigures, event: JournalEvent): DayFigures {
  switch (event.type) {
    case "fill": {
      const { side, fee, realized = "0" } = event;
      return {
        ...day,
        ...(side === "buy" ? { buys: day.buys + 1 } : { sells: day.sells + 1 }),
        realized: plain(new Money(day.realized).plus(realized)),
        fees: plain(new Money(day.fees).plus(fee)),
      };
    }
    case "refusal":
      return { ...day, refusals: day.refusals + 1 };
    case "halt":
      return { ...day, halts: day.halts + 1 };
    default:
      return day;
  }
}
