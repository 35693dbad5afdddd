/** What `penstock doctor` found, as a table. */
import type { CheckResult } from "../../domain/process/check_result.ts";
import { printable } from "../terminal/terminal.ts";

/** One line a check, what to do below it, and that all pass where they do: what fails is said on standard error. */
export function checkTable(findings: readonly CheckResult[]): string {
  const named = findings.map((result) => ({ ...result, name: nameOf(result) }));
  const width = Math.max(0, ...named.map(({ name }) => name.length));
  const lines = named.flatMap(({ name, isGood, found, advice }) => [
    `  ${isGood ? "ok  " : "FAIL"}  ${name.padEnd(width)}  ${found}`,
    ...(advice === null ? [] : [`        ${" ".repeat(width)}  → ${advice}`]),
  ]);
  const isGood = findings.every((result) => result.isGood);
  return [...lines, ...(isGood ? [conclusion(findings)] : [])].map(printable).join("\n");
}

function nameOf({ subject, step }: CheckResult): string {
  return step === "" ? subject : `${subject} ${step}`;
}

/** The last line: whether a run would work. */
export function conclusion(findings: readonly CheckResult[]): string {
  const amiss = findings.filter(({ isGood }) => !isGood).length;
  return amiss === 0
    ? "All checks pass."
    : `${amiss} of ${findings.length} checks ${amiss === 1 ? "fails" : "fail"}`;
}
