/** How much memory and how many files a process uses, and whether they grow. */

/** What a process uses at one moment. */
export interface Sample {
  readonly minute: number;
  /** Resident. */
  readonly memoryMb: number;
  readonly files: number;
}

/** How a measure changed. Each end is the median of a third of the samples. */
export interface Trend {
  readonly first: number;
  readonly last: number;
  /** The least-squares slope, and its standard error. */
  readonly slopePerMinute: number;
  readonly error: number;
  /** The time from the first sample to the last. */
  readonly minutes: number;
}

/** How the measures of a process changed. */
export interface Trends {
  readonly memoryMb: Trend;
  readonly files: Trend;
}

/**
 * The slopes that count as growth. Forty troubles occur in a minute. If one of the twelve kinds left a file open, that
 * would be three files a minute; if it kept a message or a buffer, more than a megabyte.
 */
const STEEPEST = { memoryMb: 1, files: 1 } as const;
/** The normal fluctuation: garbage until it is collected, connections until the other side has closed them. */
const TIDE = { memoryMb: 5, files: 3 } as const;
/** Neighbouring samples are correlated, so the noise is estimated from stretches of them. */
const STRETCHES = 10;

/** Resident memory and open files of a process. Deno itself needs every permission to read below /proc. */
export async function measure(pid: number, minute: number): Promise<Sample> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `grep VmRSS /proc/${pid}/status; ls /proc/${pid}/fd | wc -l`],
  }).output();
  const [, kilobytes, files] = /(\d+) kB\s+(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return { minute, memoryMb: Number(kilobytes) / 1024, files: Number(files) };
}

/** The trends of `samples`, at least ten. */
export function trendsOf(samples: readonly Sample[]): Trends {
  return {
    memoryMb: trendOf(samples.map(({ minute, memoryMb }) => [minute, memoryMb])),
    files: trendOf(samples.map(({ minute, files }) => [minute, files])),
  };
}

/**
 * The measures that grow, each with its slope; empty when all are flat. A measure is flat if its slope, less the noise,
 * is within the limit, or if its total growth is within the normal fluctuation, so a few minutes show only a coarse
 * leak.
 */
export function growths(trends: Trends): string[] {
  return (["memoryMb", "files"] as const).flatMap((name) => {
    const { slopePerMinute, error, minutes } = trends[name];
    return slopePerMinute - 2 * error > STEEPEST[name] && slopePerMinute * minutes > TIDE[name]
      ? [`${name} by ${slopeText(trends[name])}, at most ${STEEPEST[name]} a minute is flat`]
      : [];
  });
}

/** The trends on one line. */
export function trendsText({ memoryMb, files }: Trends): string {
  return `memory ${endsText(memoryMb)} MB, ${slopeText(memoryMb)}; ` +
    `open files ${endsText(files)}, ${slopeText(files)}`;
}

function endsText({ first, last }: Trend): string {
  return `${first.toFixed(1)} to ${last.toFixed(1)}`;
}

function slopeText({ slopePerMinute, error }: Trend): string {
  return `${slopePerMinute.toFixed(2)} ± ${error.toFixed(2)} a minute`;
}

type Point = readonly [minute: number, value: number];

function trendOf(points: readonly Point[]): Trend {
  const third = Math.ceil(points.length / 3);
  const stretches = Array.from({ length: STRETCHES }, (_, number): Point => {
    const some = points.slice(...[number, number + 1].map((n) => Math.round(n * points.length / STRETCHES)));
    return [mean(some.map(([minute]) => minute)), mean(some.map(([, value]) => value))];
  });
  const { slope, error } = leastSquares(stretches);
  return {
    first: middle(points.slice(0, third)),
    last: middle(points.slice(-third)),
    slopePerMinute: slope,
    error,
    minutes: points.at(-1)![0] - points[0]![0],
  };
}

/** The slope of the line through `points`, and the standard error that the residuals imply. */
function leastSquares(points: readonly Point[]): { readonly slope: number; readonly error: number } {
  const x = mean(points.map(([minute]) => minute));
  const y = mean(points.map(([, value]) => value));
  const spread = sum(points.map(([minute]) => (minute - x) ** 2));
  const slope = sum(points.map(([minute, value]) => (minute - x) * (value - y))) / spread;
  const rest = sum(points.map(([minute, value]) => (value - y - slope * (minute - x)) ** 2));
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread) };
}

function middle(points: readonly Point[]): number {
  return points.map(([, value]) => value).sort((a, b) => a - b)[points.length >> 1]!;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
