/**
 * How the time of a lease is divided. A standby has to be trading before the lease is over, counted from the moment
 * when its holder dies. The row expires sooner, which leaves time to notice that, to open the journal and to start.
 */

/** The fraction of the lease after which its row expires. */
const ROW_SHARE = 0.8;
/** How many times the row is renewed before it would expire: the holder keeps the lease even if two renewals fail. */
const RENEWALS = 4;

/** How long a row that is not renewed keeps others from taking a lease of `leaseMs`, whole ms. */
export function rowLifetimeMs(leaseMs: number): number {
  return Math.ceil(leaseMs * ROW_SHARE);
}

/** How often the holder of a lease of `leaseMs` renews it, ms. */
export function renewalEveryMs(leaseMs: number): number {
  return rowLifetimeMs(leaseMs) / RENEWALS;
}
