/** The results of `penstock doctor`, as a table. */
import type { CheckResult } from "../../domain/process/check_result.ts";
import { printable } from "../terminal/terminal.ts";
import { textWidth } from "../terminal/text_width.ts";

/** Columns before a check's name. */
const MARGIN = 8;
/** With fewer columns than this left beside the names, the results go below the names. */
const FEWEST_COLUMNS = 32;

/**
 * One line for each check, with the advice below it. If all pass, a last line says so; failures go to standard error.
 * Lines longer than the `columns` of a terminal are broken between words.
 */
export function checkTable(results: readonly CheckResult[], columns = Infinity): string {
  const named = results.map((result) => ({ ...result, name: nameOf(result) }));
  const width = Math.max(0, ...named.map(({ name }) => name.length));
  const isBeside = columns - MARGIN - width - 2 >= FEWEST_COLUMNS;
  const indent = isBeside ? MARGIN + width + 2 : MARGIN;
  const lines = named.flatMap(({ name, isGood, found, advice }) => {
    const head = `  ${isGood ? "ok  " : "FAIL"}  ${name}`;
    const [first = "", ...more] = broken(printable(found), columns - indent);
    const advised = advice === null ? [] : broken(`→ ${printable(advice)}`, columns - indent - 2);
    const below = [...more, ...advised.map((line, at) => at === 0 ? line : `  ${line}`)];
    return [
      ...(isBeside ? [head.padEnd(indent) + first] : [head, " ".repeat(indent) + first]),
      ...below.map((line) => " ".repeat(indent) + line),
    ];
  });
  const isGood = results.every((result) => result.isGood);
  return [...lines, ...(isGood ? [conclusion(results)] : [])].map(printable).join("\n");
}

/** The text in lines of at most `columns`, broken between words. A longer word stays whole. */
function broken(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`) <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

function nameOf({ subject, step }: CheckResult): string {
  return step === "" ? subject : `${subject} ${step}`;
}

/** The last line: whether a run would work. */
export function conclusion(results: readonly CheckResult[]): string {
  const failed = results.filter(({ isGood }) => !isGood).length;
  return failed === 0
    ? "All checks pass."
    : `${failed} of ${results.length} checks ${failed === 1 ? "fails" : "fail"}`;
}
