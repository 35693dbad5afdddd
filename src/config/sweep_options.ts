/** The options of a sweep besides those that vary: a part of the table in options.ts. */
import { RANKS } from "../domain/run/sweep_rank.ts";
import type { SweepPart } from "../domain/run/sweep_result.ts";
import {
  anyText,
  databasePlace,
  NotAllowed,
  oneOf,
  onOff,
  properFraction,
  wholeNumber,
} from "./option_values.ts";
import { optionIn } from "./option.ts";

const SWEEP = ["sweep"] as const;
const input = optionIn("input");

/** The most windows of a walk-forward, and the most workers. */
const MOST_WINDOWS = 100;
const MOST_WORKERS = 64;

/** The most parts: those of a grid with the most configurations, one each. */
const MOST_PARTS = 1_000_000;
/** Some programs count machines from 0 and cannot add. */
const PART = /^(\d{1,7})(\+1)?\/(\d{1,7})$/;

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
    commands: [...SWEEP, "worker"],
    help: "how many configurations are computed at the same time (default: one for each core)",
  }),
  continue: input({
    default: "off",
    read: onOff,
    value: null,
    commands: SWEEP,
    help: "continue the sweep in --out FILE, which was stopped before it finished",
  }),
  part: input({
    default: null,
    read: partText,
    value: "K/N",
    commands: SWEEP,
    help: "compute only part K of N of the grid and write it to --out FILE, for --join; " +
      "INDEX+1/N for an index that starts at 0",
  }),
  join: input({
    default: "off",
    read: onOff,
    value: null,
    commands: SWEEP,
    help: "combine the files of all parts, or a folder of them: the result is that of one machine",
  }),
  queue: input({
    default: null,
    read: databasePlace,
    value: "URL",
    commands: SWEEP,
    help:
      "have the workers of this database, postgres://…, compute everything: the result is that of one machine",
  }),
  data: input({
    default: "data",
    read: anyText,
    value: "FOLDER",
    commands: ["worker"],
    help: "where the files of sweeps are, under any names: they are known by their digests",
  }),
  dataUrl: input({
    default: null,
    read: webFolder,
    value: "URL",
    commands: ["worker"],
    isPrivate: true,
    help: "where files that are not in --data are fetched from, under the names that the sweep has for them",
  }),
  untilEmpty: input({
    default: "off",
    read: onOff,
    value: null,
    commands: ["worker"],
    help: "end when no task is left, instead of waiting for more",
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

/** A reader of addresses of folders on the web, which ends them with a slash. */
function webFolder(text: string): string {
  const url = URL.parse(text);
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.password === "" &&
    url.search === "" && url.hash === "";
  if (!isUsable) {
    throw new NotAllowed("https://HOST/FOLDER/, without a user, a password, a query or a fragment");
  }
  return url.href.replace(/\/*$/, "/");
}

/** The part that a value of `--part` names. */
export function sweepPart(text: string): SweepPart {
  const [number, of] = text.split("/").map(Number);
  return { number: number!, of: of! };
}

/** A reader of parts such as `3/100`, or `2+1/100` for the same one. */
function partText(text: string): string {
  const [, number, plusOne, of] = PART.exec(text) ?? [];
  const [at, all] = [Number(number) + (plusOne === undefined ? 0 : 1), Number(of)];
  if (!(at >= 1 && at <= all && all <= MOST_PARTS)) {
    throw new NotAllowed(
      "a part and the number of all parts, such as 3/100, from 1/100 to 100/100; or 2+1/100, the same with an index " +
        "that starts at 0",
    );
  }
  return `${at}/${all}`;
}
