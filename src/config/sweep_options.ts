/** The options of a sweep besides those that vary: a part of the table in options.ts. */
import { RANKS } from "../domain/run/sweep_rank.ts";
import { oneOf, onOff, properFraction, wholeNumber } from "./option_values.ts";
import { optionIn } from "./option.ts";

const SWEEP = ["sweep"] as const;
const input = optionIn("input");

/** The most windows of a walk-forward, and the most workers. */
const MOST_WINDOWS = 100;
const MOST_WORKERS = 64;

/** A key is the option's name in the configuration file. */
export const SWEEP_OPTIONS = {
  rank: input({
    default: "sharpe",
    read: oneOf(...RANKS),
    value: "FIGURE",
    commands: SWEEP,
    help:
      `what rows are ranked by: ${RANKS.slice(0, -1).join(", ")} or ${
        RANKS.at(-1)
      }; unless it is given, by ` +
      "net-profit where no row has a Sharpe ratio",
  }),
  test: input({
    default: null,
    read: properFraction,
    value: "SHARE",
    commands: SWEEP,
    help: "hold out the last trades, this share of all, from the choice, and show each row on them as well",
  }),
  walkForward: input({
    default: null,
    read: wholeNumber(1, MOST_WINDOWS),
    value: "N",
    commands: SWEEP,
    help: "choose the best in each of N windows, and trade it in the next window",
  }),
  workers: input({
    default: null,
    read: wholeNumber(1, MOST_WORKERS),
    value: "N",
    commands: SWEEP,
    help: "how many configurations are computed at the same time (default: one for each core)",
  }),
  continue: input({
    default: "off",
    read: onOff,
    value: null,
    commands: SWEEP,
    help: "continue the sweep in --out FILE, which was stopped before it finished",
  }),
  forgetTries: input({
    default: "off",
    read: onOff,
    value: null,
    commands: SWEEP,
    help:
      "forget how many configurations were tried on these trades before: the best is judged as if these were the first",
  }),
};
