import { assert, assertEquals, assertMatch } from "@std/assert";
import { Secret } from "../../../src/domain/alarms/secret.ts";
import { pingIn } from "../../../src/domain/alarms/service_address.ts";
import { pause } from "../../../src/feeds/live/alarm.ts";
import { DEFAULT_TIMING } from "../../../src/views/alarms/alarm_sender.ts";
import { Pinger } from "../../../src/views/alarms/pinger.ts";
import { FakeService, type Script } from "../../support/fake_service.ts";

/** Runs a pinger that pings every `everyMs` while `test` lasts. */
async function pinging(
  script: Script,
  test: (pinger: Pinger, service: FakeService, reports: string[]) => Promise<void>,
  { path = "/a", token = null as string | null, everyMs = 20 } = {},
): Promise<void> {
  await using service = new FakeService(script);
  const reports: string[] = [];
  const pinger = new Pinger({
    address: { ...pingIn(`http://${service.host}${path}`), everyMs },
    token: token === null ? null : new Secret(token),
    agent: "penstock/1",
    report: (level, text) => reports.push(`${level} ${text}`),
    timing: { ...DEFAULT_TIMING, firstMs: 2, longestMs: 10, askMs: 60_000, pause },
  });
  const stop = new AbortController();
  const work = pinger.run(stop.signal);
  try {
    await test(pinger, service, reports);
  } finally {
    stop.abort();
    await work;
  }
}

Deno.test("Pinger pings again and again while all is well, and never when it is not", () =>
  pinging(() => ({ status: 200, body: "OK" }), async (pinger, service) => {
    await pause(60, new AbortController().signal);
    assertEquals(service.requests.length, 0);
    pinger.polled(true);
    await service.arrived(3);
    pinger.polled(false);
    const { length } = service.requests;
    await pause(150, new AbortController().signal);
    // One may have been under way.
    assert(service.requests.length <= length + 1, `${service.requests.length} after ${length}`);
    pinger.polled(true);
    await service.arrived(length + 3);
    assertEquals(
      new Set(service.requests.map(({ method, path }) => `${method} ${path}`)),
      new Set(["GET /a"]),
    );
    assertEquals(service.requests[0]?.headers["authorization"], undefined);
  }));

Deno.test("Pinger keeps the interval between two pings", () =>
  pinging(() => ({ status: 200 }), async (pinger, service) => {
    pinger.polled(true);
    await service.arrived(1);
    await pause(120, new AbortController().signal);
    assertEquals(service.requests.length, 1);
  }, { everyMs: 60_000 }));

Deno.test("Pinger tries again when a ping fails, follows nothing, and keeps the token out of its reports", () => {
  const script: Script = ({ path }, at) =>
    [
      { status: 503 },
      { status: 302, headers: { location: `https://evil.example${path}` } },
      { raw: "junk" },
      { status: 404, body: path },
    ][at] ?? { status: 200, body: "OK" };
  return pinging(script, async (pinger, service, reports) => {
    pinger.polled(true);
    await service.arrived(6);
    assertEquals(service.requests[0]?.path, "/5bf66975-d4c7/x");
    assertEquals(service.requests[0]?.headers["authorization"], undefined);
    assertEquals(reports.length, 5, reports.join("\n"));
    assertMatch(reports[0]!, /^warn the ping of 127\.0\.0\.1:\d+ failed: HTTP 503\. It is tried again$/);
    assertMatch(reports[1]!, /HTTP 302, a redirect, which is not followed/);
    assertMatch(reports.at(-1)!, /^info the ping of .* works again$/);
    assert(!reports.join().includes("5bf66975"), reports.join("\n"));
  }, { path: "/{token}/x", token: "5bf66975-d4c7" });
});

Deno.test("Pinger sends a token that its address has no place for as a header", () =>
  pinging(() => ({ status: 200 }), async (pinger, service) => {
    pinger.polled(true);
    await service.arrived(1);
    assertEquals(service.requests[0]?.headers["authorization"], "Bearer t0ken");
  }, { token: "t0ken" }));
