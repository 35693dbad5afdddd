import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { Secret } from "../../../src/domain/alarms/secret.ts";
import { channelIn } from "../../../src/domain/alarms/service_address.ts";
import type { Channel, ServiceAnswer, ServiceRequest } from "../../../src/views/alarms/channel.ts";
import { channelAt, tokenFlaw } from "../../../src/views/alarms/known_channels.ts";
import { ALARM } from "./sample_alarm.ts";

const BOT = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const HOOK = "A".repeat(68);

function channel(address: string, token: string | null = null): Channel {
  return channelAt(channelIn(address), token === null ? null : new Secret(token), "penstock/1.0");
}

function body({ body }: ServiceRequest): Record<string, unknown> {
  return JSON.parse(body!);
}

function answer(json: unknown, status = 200, headers: Record<string, string> = {}): ServiceAnswer {
  return { status, headers: new Headers(headers), json };
}

Deno.test("a webhook gets the alarm as JSON, with its key and its token in headers", () => {
  const request = channel("https://h/a?b=c", "t0ken").request(ALARM);
  assertEquals([request.method, request.url], ["POST", "https://h/a?b=c"]);
  assertEquals(request.headers, {
    "Content-Type": "application/json",
    "User-Agent": "penstock/1.0",
    "Idempotency-Key": `"${ALARM.key}"`,
    Authorization: "Bearer t0ken",
  });
  assertEquals(body(request), { ...ALARM });
  const event = { type: "stopped", time: ALARM.time, reason: "x" } as const;
  const long = { ...event, reason: "x".repeat(9_000) };
  const events = [event, long].map((each) =>
    body(channel("https://h/a").request({ ...ALARM, event: each }))["event"]
  );
  assertEquals(events, [event, null]);
  const inPath = channel("https://h/{token}/b", "T0/B0/$&x").request(ALARM);
  assertEquals([inPath.url, inPath.headers["Authorization"]], ["https://h/T0/B0/$&x/b", undefined]);
  assertEquals(channel("https://h/a").request(ALARM).headers["Authorization"], undefined);
  assert(channel("https://h/a").isTaken(answer(undefined, 204)));
});

Deno.test("ntfy gets a message for its topic, whose sequence id is the alarm's key", () => {
  const request = channel("ntfy://h/alarms", "tk_a").request(ALARM);
  assertEquals([request.url, request.headers["Authorization"]], ["https://h/", "Bearer tk_a"]);
  assertEquals(body(request), {
    topic: "alarms",
    title: ALARM.title,
    message: ALARM.text,
    priority: 5,
    tags: ["octagonal_sign"],
    sequence_id: ALARM.key,
  });
  const secretTopic = channel("https://ntfy.sh/{token}", "quiet-otter-71").request(ALARM);
  assertEquals([body(secretTopic)["topic"], secretTopic.headers["Authorization"]], [
    "quiet-otter-71",
    undefined,
  ]);
  const { isTaken, waitMs, explanation } = bound(channel("ntfy://h/a"));
  assert(isTaken(answer({ id: "x1", event: "message" })));
  for (const json of [undefined, null, {}, { id: 7 }, [], "ok"]) {
    assert(!isTaken(answer(json)), JSON.stringify(json));
  }
  assertEquals([waitMs(answer({}, 429)), waitMs(answer({}, 500))], [5_000, 0]);
  assertEquals(explanation({ code: 42901, error: "limit reached" }), "limit reached");
});

Deno.test("Telegram gets plain text for its chat, the token in the path, and no more than it allows", () => {
  const telegram = channel("telegram://-100123", BOT);
  const request = telegram.request(ALARM);
  assertEquals(request.url, `https://api.telegram.org/bot${BOT}/sendMessage`);
  assertEquals(body(request), {
    chat_id: "-100123",
    text: `${ALARM.title}\n\n${ALARM.text}\n\n${ALARM.key}`,
    disable_notification: false,
    link_preview_options: { is_disabled: true },
  });
  assertEquals([telegram.leastGapMs, channel("telegram://5", BOT).leastGapMs], [3_000, 1_000]);
  const { isTaken, waitMs, explanation } = bound(telegram);
  assert(isTaken(answer({ ok: true, result: {} })));
  for (const json of [undefined, {}, { ok: "true" }, { ok: false }, null]) assert(!isTaken(answer(json)));
  assertEquals(waitMs(answer({ ok: false, parameters: { retry_after: 7 } }, 429)), 7_000);
  assertEquals(
    explanation({ ok: false, description: "Bad Request: chat not found" }),
    "Bad Request: chat not found",
  );
});

Deno.test("Discord gets text that mentions nobody and links nothing, and waits when its bucket is empty", () => {
  const discord = channel("discord://12", HOOK);
  const text = "@everyone [click](https://evil.example) **bold** <@1> `x` | > - # a_b~ \\";
  const request = discord.request({ ...ALARM, title: "a*b", text });
  assertEquals(request.url, `https://discord.com/api/webhooks/12/${HOOK}?wait=true`);
  assertEquals(body(request)["allowed_mentions"], { parse: [] });
  assertEquals(body(request)["flags"], 4);
  const content = String(body(request)["content"]);
  assertEquals(
    content,
    "**a\\*b**\n\\@everyone \\[click\\]\\(https\\://evil.example\\) \\*\\*bold\\*\\* \\<\\@1\\> \\`x\\` \\| \\> \\- \\# a\\_b\\~ " +
      `\\\\\n\n\`${ALARM.key}\``,
  );
  // The longest texts, every character escaped.
  const longest = discord.request({ ...ALARM, title: "*".repeat(120), text: "*".repeat(900) });
  const cut = String(body(longest)["content"]);
  assert(cut.length <= 2_000 && cut.endsWith(`\\*…\n\n\`${ALARM.key}\``), cut.slice(-60));
  const { isTaken, waitMs } = bound(discord);
  assert(isTaken(answer({ id: "9" })) && !isTaken(answer({})) && !isTaken(answer(undefined)));
  assertEquals(waitMs(answer({ retry_after: 0.65, global: false }, 429)), 650);
  const empty = { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.2" };
  assertEquals([waitMs(answer({}, 200, empty)), waitMs(answer({}, 200, { "x-ratelimit-remaining": "3" }))], [
    1_200,
    0,
  ]);
});

Deno.test("tokenFlaw() finds tokens that are missing, malformed, or sent in the clear", () => {
  const flaw = (address: string, token: string | null) =>
    tokenFlaw(channelIn(address), token === null ? null : new Secret(token));
  for (const address of ["https://h/a", "ntfy://h/t"]) {
    assertEquals([flaw(address, null), flaw(address, "x")], [null, null]);
  }
  assertEquals([flaw("telegram://1", BOT), flaw("discord://1", HOOK), flaw("https://h/{token}", "T/B/x")], [
    ...[null, null, null],
  ]);
  for (const address of ["telegram://1", "discord://1", "https://h/{token}", "https://ntfy.sh/{token}"]) {
    assertEquals(flaw(address, null), "it needs a token");
    assertMatch(flaw(address, "a\x01secret1")!, /^its token does not have the expected form(?!.*secret1)/);
  }
  assertMatch(flaw("telegram://1", HOOK)!, /expected form/);
  assertMatch(flaw("https://h/{token}", "a?b")!, /expected form/);
  assertMatch(flaw("http://h/a", "secret1")!, /^a token is sent only over https/);
  assertEquals(flaw("http://127.0.0.1/a", "x"), null);
});

Deno.test("channels read any answer", () => {
  const channels = [
    channel("https://h/a"),
    channel("ntfy://h/t"),
    channel("telegram://1", BOT),
    channel("discord://1", HOOK),
  ];
  const json = fc.oneof(
    fc.jsonValue(),
    fc.record({
      id: fc.jsonValue(),
      ok: fc.jsonValue(),
      retry_after: fc.jsonValue(),
      parameters: fc.jsonValue(),
    }),
  );
  const header = fc.string({ unit: "grapheme-ascii" }).map((text) => text.replace(/[^\x20-\x7e]/g, ""));
  fc.assert(fc.property(json, fc.constantFrom(200, 204, 400, 429, 500), header, (value, status, text) => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": text };
    for (const one of channels) {
      const { isTaken, waitMs, explanation } = bound(one);
      assertEquals(typeof isTaken(answer(value, status, headers)), "boolean");
      assert(waitMs(answer(value, status, headers)) >= 0);
      const said = explanation(value);
      assert(said === null || said !== "");
    }
  }));
});

/** The functions of a channel by themselves. */
function bound(one: Channel) {
  return {
    isTaken: (given: ServiceAnswer) => one.isTaken(given),
    waitMs: (given: ServiceAnswer) => one.waitMs(given),
    explanation: (json: unknown) => one.explanation(json),
  };
}
