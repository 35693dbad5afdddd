import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { Secret } from "../../../src/domain/alarms/secret.ts";
import { channelIn } from "../../../src/domain/alarms/service_address.ts";
import { pause } from "../../../src/feeds/live/alarm.ts";
import type { Alarm } from "../../../src/views/alarms/alarm.ts";
import { AlarmSender, DEFAULT_TIMING } from "../../../src/views/alarms/alarm_sender.ts";
import { channelAt } from "../../../src/views/alarms/known_channels.ts";
import { retryAfterMs } from "../../../src/views/alarms/retry_after.ts";
import { FakeService, type Reply, type Script } from "../../support/fake_service.ts";
import { ALARM } from "./sample_alarm.ts";

const BOT = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const NTFY_OK: Reply = { status: 200, body: '{"id":"x","event":"message"}' };
const TELEGRAM_OK: Reply = { status: 200, body: '{"ok":true}' };

/** A sender that hardly waits, and what it reports. */
function senderTo(
  address: string,
  token: string | null = null,
  changes: Partial<typeof DEFAULT_TIMING> = {},
) {
  const reports: string[] = [];
  const secret = token === null ? null : new Secret(token);
  const timing = { ...DEFAULT_TIMING, firstMs: 2, longestMs: 20, askMs: 60_000, ...changes, pause };
  const channel = shared(channelAt(channelIn(address), secret, "penstock/1"));
  const report = (level: string, text: string) => reports.push(`${level} ${text}`);
  const sender = new AlarmSender({ channel, name: channel.name, token: secret, report, timing });
  return { sender, reports };
}

/** The channel without its pause between two alarms. */
function shared(channel: ReturnType<typeof channelAt>): ReturnType<typeof channelAt> {
  return {
    name: channel.name,
    leastGapMs: 0,
    request: (alarm) => channel.request(alarm),
    isTaken: (answer) => channel.isTaken(answer),
    explanation: (json) => channel.explanation(json),
    waitMs: (answer) => channel.waitMs(answer),
  };
}

const FOREVER = new AbortController().signal;

/** Sends one alarm by ntfy to a service with this script, and returns what it took. */
async function sent(script: Script, alarm: Alarm = ALARM, changes: Partial<typeof DEFAULT_TIMING> = {}) {
  await using service = new FakeService(script);
  const { sender, reports } = senderTo(`ntfy+http://${service.host}/alarms`, null, changes);
  const isTaken = await sender.send(alarm, FOREVER);
  return { isTaken, reports, requests: service.requests };
}

Deno.test("AlarmSender sends an alarm again, with the same key, until the service confirms that it has it", async () => {
  const troubles: readonly (readonly [Reply, RegExp])[] = [
    [{ status: 500, body: "<h1>oops</h1>" }, /: HTTP 500\. It will be sent again/],
    [{ status: 403, body: '{"error":"forbidden"}' }, /: HTTP 403: forbidden\. /],
    [
      { status: 301, headers: { location: "https://evil.example/take" } },
      /HTTP 301, a redirect, which is not followed/,
    ],
    [
      { status: 200, body: "<html>Please log in to this network</html>" },
      /HTTP 200 without the confirmation/,
    ],
    [{ status: 200, body: "" }, /HTTP 200 without the confirmation/],
    [{ status: 204 }, /HTTP 204 without the confirmation/],
    [{ raw: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":"x"' }, /HTTP 200 without the confirmation/],
    [{ raw: "HTTP/1.1 200 OK\r\ncontent-le" }, /the connection broke before the answer/],
    [{ raw: "" }, /the connection broke before the answer/],
    [{ raw: "\0\0\x7fELF garbage\r\n\r\n" }, /the connection broke before the answer/],
    [{ status: 200, body: `{"id":"${"x".repeat(70_000)}"}` }, /HTTP 200 without the confirmation/],
  ];
  const { isTaken, reports, requests } = await sent((_, at) => troubles[at]?.[0] ?? NTFY_OK);
  assert(isTaken);
  assertEquals(requests.length, troubles.length + 1);
  assertEquals(new Set(requests.map(({ body }) => JSON.parse(body)["sequence_id"])).size, 1);
  const warned = reports.filter((report) => report.startsWith("warn"));
  for (const [reply, expected] of troubles) {
    assert(warned.some((report) => expected.test(report)), `${JSON.stringify(reply)}: ${warned.join("\n")}`);
  }
  assertEquals(
    reports.at(-1),
    `info ntfy at ${
      reports[0]!.match(/at (\S+)/)![1]
    } accepted the alarm "${ALARM.title}" (${ALARM.key}) at try 12`,
  );
});

Deno.test("AlarmSender waits as long as the service asks, and reports trouble once while it lasts", async () => {
  const times: number[] = [];
  const { reports } = await sent(
    (_, at) => {
      times.push(performance.now());
      if (at === 0) {
        return {
          status: 429,
          headers: { "retry-after": "0.2" },
          body: '{"error":"limit reached"}',
        };
      }
      return at < 4 ? { status: 503, headers: { "retry-after": "0" } } : NTFY_OK;
      // ntfy wants five seconds after every 429.
    },
    ALARM,
    { mostMs: 200 },
  );
  assert(times[1]! - times[0]! >= 195, `${times[1]! - times[0]!} ms`);
  assertEquals(reports.length, 3, reports.join("\n"));
  assertMatch(reports[0]!, /HTTP 429: limit reached/);
  assertMatch(reports[1]!, /HTTP 503/);
});

Deno.test("AlarmSender waits as long as Telegram's and Discord's answers say, but no more than an hour", async () => {
  const waits: number[] = [];
  const reply: Reply = { status: 429, body: '{"ok":false,"parameters":{"retry_after":99999999}}' };
  await using service = new FakeService((_, at) => at === 0 ? reply : TELEGRAM_OK);
  const secret = new Secret(BOT);
  const channel = channelAt(channelIn(`telegram+http://${service.host}/42`), secret, "p");
  const instant = (ms: number) => (waits.push(ms), Promise.resolve());
  const timing = { ...DEFAULT_TIMING, pause: instant };
  const sender = new AlarmSender({ channel, name: "telegram", token: secret, report: () => {}, timing });
  assert(await sender.send(ALARM, FOREVER));
  assert(waits[1]! > 3_599_000 && waits[1]! <= 3_600_000, String(waits[1]));
  // The next one leaves the second that a chat gets.
  assert(await sender.send(ALARM, FOREVER));
  assert(waits[2]! > 500 && waits[2]! <= 1_000, String(waits[2]));
});

Deno.test("AlarmSender stops waiting for a slow answer, and for a server that does not exist", async () => {
  const { reports } = await sent((_, at) => at === 0 ? "hang" : NTFY_OK, ALARM, { askMs: 60 });
  assertMatch(reports[0]!, /no answer within 0\.06 s/);
  const gone = new FakeService(() => NTFY_OK);
  const { host, port } = gone;
  await gone[Symbol.asyncDispose]();
  const { sender, reports: failures } = senderTo(`ntfy+http://${host}/alarms`);
  const sending = sender.send(ALARM, FOREVER);
  while (failures.length === 0) await pause(2, FOREVER);
  assertMatch(failures[0]!, /nothing answers there/);
  await using _back = new FakeService(() => NTFY_OK, port);
  assert(await sending);
});

Deno.test("AlarmSender accepts the answer of a webhook by its status alone, and sends plain words after five refusals", async () => {
  await using service = new FakeService((_, at) =>
    at < 5 ? { status: 400 } : { raw: "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{" }
  );
  const { sender } = senderTo(`http://${service.host}/hook`);
  assert(await sender.send({ ...ALARM, text: "\u{1f6d1} überlang" }, FOREVER));
  const bodies = service.requests.map(({ body }) => JSON.parse(body) as Alarm);
  assertEquals(bodies.length, 6);
  assertEquals(new Set(bodies.map(({ key }) => key)).size, 1);
  assertEquals(bodies[4]?.text, "\u{1f6d1} überlang");
  assertMatch(bodies[5]!.text, /^[ -~]+The service refused the alarm's own text\.$/);
  assertEquals(service.requests[0]?.headers["idempotency-key"], `"${ALARM.key}"`);
});

Deno.test("AlarmSender ends when it is stopped: at once while it waits, and after the pending answer, if that takes only a moment", async () => {
  const { promise: stopped, resolve: stopNow } = Promise.withResolvers<void>();
  const replies: Script = async (_, at) => {
    if (at === 0) return "hang";
    if (at === 1) await stopped;
    return { status: at === 1 ? 200 : 500 };
  };
  await using service = new FakeService(replies);
  const { sender } = senderTo(`http://${service.host}/hook`, null, { askMs: 60_000, graceMs: 30 });
  const hanging = new AbortController();
  const sending = sender.send(ALARM, hanging.signal);
  await service.arrived(1);
  hanging.abort();
  assertEquals(await sending, false);
  assertEquals(await sender.send(ALARM, hanging.signal), false);
  assertEquals(service.requests.length, 1);

  const { sender: patient } = senderTo(`http://${service.host}/hook`, null, { graceMs: 5_000 });
  const ending = new AbortController();
  const last = patient.send(ALARM, ending.signal);
  await service.arrived(2);
  ending.abort();
  stopNow();
  assertEquals(await last, true);

  const { sender: waiting } = senderTo(`http://${service.host}/hook`, null, {
    firstMs: 60_000,
    longestMs: 60_000,
  });
  const tired = new AbortController();
  const refused = waiting.send(ALARM, tired.signal);
  await service.arrived(3);
  await pause(20, FOREVER);
  tired.abort();
  assertEquals(await refused, false);
});

Deno.test("AlarmSender keeps the token out of every report, whatever the service or the network says", async () => {
  const echo: Script = ({ path }, at) => {
    if (at === 0) {
      return {
        status: 404,
        body: JSON.stringify({ ok: false, description: `no ${path} ${"x".repeat(500)}` }),
      };
    }
    if (at === 1) return { status: 302, headers: { location: `http://127.0.0.1:1${path}` } };
    if (at === 2) return { raw: "junk" };
    if (at === 3) {
      return { status: 400, body: JSON.stringify({ description: `\x1b[2J ${encodeURIComponent(BOT)}` }) };
    }
    return TELEGRAM_OK;
  };
  const service = new FakeService(echo);
  const { sender, reports } = senderTo(`telegram+http://${service.host}/42`, BOT);
  assert(await sender.send(ALARM, FOREVER));
  await service[Symbol.asyncDispose]();
  const stop = new AbortController();
  const sending = sender.send(ALARM, stop.signal);
  while (!reports.some((report) => report.includes("nothing answers"))) await pause(2, FOREVER);
  stop.abort();
  await sending;
  assertEquals(service.requests[0]?.path, `/bot${BOT}/sendMessage`);
  assert(reports.length >= 5, reports.join("\n"));
  for (const report of reports) {
    assert(!report.includes("AAHdq") && !report.includes("\x1b") && report.length < 500, report);
  }
  assertMatch(reports[0]!, /HTTP 404: no \/bot\(secret\)\/sendMessage/);
});

Deno.test("retryAfterMs() reads seconds and dates, and nothing else", () => {
  const now = Date.UTC(2026, 11, 1);
  assertEquals(["7", " 0.65 ", "0", "Tue, 01 Dec 2026 00:00:09 GMT"].map((text) => retryAfterMs(text, now)), [
    ...[7_000, 650, 0, 9_000],
  ]);
  const others = [
    null,
    "",
    "-5",
    "1e3",
    "soon",
    "Tue, 01 Dec 2020 00:00:09 GMT",
    "NaN",
    "0x10",
    "2099",
    "9".repeat(400),
  ];
  assertEquals(others.map((text) => retryAfterMs(text, now)).filter((ms) => ms !== 0), [2_099_000]);
  fc.assert(fc.property(fc.string(), (text) => {
    const ms = retryAfterMs(text, now);
    assert(ms >= 0 && ms < Infinity);
  }));
});
