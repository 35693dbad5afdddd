/** One thing that `penstock doctor` checked. */
export interface CheckResult {
  /** What was checked: a permission, a host, the clock, a folder, the journal. */
  readonly subject: string;
  /** Which step of the check, such as `TCP`; empty if there is only one. */
  readonly step: string;
  readonly isGood: boolean;
  /** What was found, with times and values. */
  readonly found: string;
  /** What to do about it; null if there is nothing to do. */
  readonly advice: string | null;
}

/** A check that passed. */
export function pass(subject: string, step: string, found: string): CheckResult {
  return { subject, step, isGood: true, found, advice: null };
}

/** A check that failed. */
export function fail(subject: string, step: string, found: string, advice: string): CheckResult {
  return { subject, step, isGood: false, found, advice };
}
