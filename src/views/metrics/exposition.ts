/** Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
import { printable } from "../terminal/terminal.ts";

/** The format's name in `Content-Type`. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** One value of a metric. */
export interface Sample {
  /** What follows the metric's name, such as `_bucket` of a histogram. */
  readonly suffix?: string;
  readonly labels: Labels;
  /** A number, or decimal text. */
  readonly value: number | string;
}

/** A metric with its values. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** On one line. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The text of these metrics; those without a value are left out. */
export function expositionText(families: readonly MetricFamily[]): string {
  return families.filter(({ samples }) => samples.length > 0).map(({ name, type, help, samples }) =>
    [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelText(labels)} ${value}`),
    ].join("\n") + "\n"
  ).join("");
}

function labelText(labels: Labels): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return texts.length === 0 ? "" : `{${texts.join(",")}}`;
}

/** A label's value, escaped so that it stays within its quotes and on its line, whatever a journal holds. */
function escaped(value: string): string {
  return printable(value).replace(/[\\"\n]/g, (character) => character === "\n" ? "\\n" : `\\${character}`);
}
