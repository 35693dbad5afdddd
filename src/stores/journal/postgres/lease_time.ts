/**
 * How the time of a lease is divided. A standby has to trade within the lease, counted from the moment when its holder
 * dies. The row's own time is shorter, so that there is time left to notice its end, to open the journal and to start.
 */

/** The part of a lease that the row lasts. */
const ROW_SHARE = 0.8;
/** How many times the row is renewed in its own time: the holder keeps the lease although two renewals fail. */
const RENEWALS = 4;

/** How long a row without renewal keeps others from a lease of `leaseMs`, whole ms. */
export function rowLifetimeMs(leaseMs: number): number {
  return Math.ceil(leaseMs * ROW_SHARE);
}

/** How often the holder of a lease of `leaseMs` renews it, ms. */
export function renewalEveryMs(leaseMs: number): number {
  return rowLifetimeMs(leaseMs) / RENEWALS;
}
