/** Shows how the time of a lease is divided between its row and the process that takes over. */
import { assert, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { renewalEveryMs, rowLifetimeMs } from "../../../../src/stores/journal/postgres/lease_time.ts";

const HOUR = 3_600_000;

Deno.test("a lease of any length leaves a fifth of it for a takeover, and its holder three renewals", () => {
  fc.assert(fc.property(fc.integer({ min: 1_000, max: HOUR }), (leaseMs) => {
    const lifetime = rowLifetimeMs(leaseMs);
    assert(Number.isInteger(lifetime));
    assertLessOrEqual(lifetime, leaseMs * 0.8 + 1);
    // The last renewal may be that long ago.
    assertGreaterOrEqual(lifetime - renewalEveryMs(leaseMs), leaseMs * 0.6);
    assertLessOrEqual(3 * renewalEveryMs(leaseMs), leaseMs * 0.6 + 1);
  }));
});
