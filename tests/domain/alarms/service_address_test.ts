import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  channelIn,
  channelsIn,
  isPrivate,
  pingIn,
  UnusableAddress,
} from "../../../src/domain/alarms/service_address.ts";
import { fuzzCases } from "../../support/fuzz_inputs.ts";
import { SeededRandom } from "../../support/random.ts";

/** What an address means: service, origin, recipient or path, and whether it needs a token. */
function meant(text: string): string {
  const { service, origin, recipient, path, needsToken } = channelIn(text);
  return `${service} ${origin} ${recipient || path}${needsToken ? " token" : ""}`;
}

Deno.test("channelIn() knows each service by the form of its address", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["https://example.com/hooks/7?from=penstock", "webhook https://example.com /hooks/7?from=penstock"],
    ["http://127.0.0.1:9000", "webhook http://127.0.0.1:9000 /"],
    ["https://hooks.example.com/a/{token}/b", "webhook https://hooks.example.com /a/{token}/b token"],
    ["https://example.com/h?key={token}", "webhook https://example.com /h?key={token} token"],
    ["https://ntfy.sh/my-alarms", "ntfy https://ntfy.sh my-alarms"],
    ["https://ntfy.sh/{token}", "ntfy https://ntfy.sh {token} token"],
    ["ntfy://ntfy.example.com/alarms", "ntfy https://ntfy.example.com alarms"],
    ["ntfy+http://127.0.0.1:2586/alarms", "ntfy http://127.0.0.1:2586 alarms"],
    ["telegram://123456789", "telegram https://api.telegram.org 123456789 token"],
    ["telegram://-1001234567890", "telegram https://api.telegram.org -1001234567890 token"],
    ["telegram://@my_channel", "telegram https://api.telegram.org @my_channel token"],
    ["telegram+http://127.0.0.1:8081/42", "telegram http://127.0.0.1:8081 42 token"],
    ["discord://1234567890", "discord https://discord.com 1234567890 token"],
    ["https://discord.com/api/webhooks/1234567890", "discord https://discord.com 1234567890 token"],
    [
      "https://discord.com/api/v10/webhooks/1234567890/{token}",
      "discord https://discord.com 1234567890 token",
    ],
    ["https://canary.discord.com/api/webhooks/12", "discord https://canary.discord.com 12 token"],
    ["discord+http://127.0.0.1:9000/12", "discord http://127.0.0.1:9000 12 token"],
  ];
  for (const [text, expected] of forms) assertEquals(meant(text), expected, text);
});

const TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

Deno.test("channelIn() refuses everything else, and repeats nothing of an address that may hold a token", () => {
  const texts = [
    "",
    "ntfy.sh/alarms",
    "ftp://example.com/a",
    "https://",
    "https://user:secretsecret@example.com/a",
    "https://example.com/a#secretsecret",
    "https://example.com/secretsecret secretsecret",
    "https://example.com/ümlaut-secretsecret",
    "https://{token}.example.com/",
    "https://example.com/{token}/{token}",
    `https://example.com/${"secretsecret".repeat(200)}`,
    "https://ntfy.sh/",
    "https://ntfy.sh/secretsecret/json",
    "https://ntfy.sh/secretsecret?auth=x",
    "ntfy://tk_secretsecret@ntfy.sh/alarms",
    `ntfy://ntfy.sh/${"secretsecret".repeat(6)}`,
    `https://api.telegram.org/bot${TOKEN}/sendMessage?chat_id=42`,
    `telegram://${TOKEN}@telegram?chats=42`,
    `telegram://${TOKEN}`,
    "telegram://42/43",
    "telegram://",
    "telegram+https://42",
    `https://discord.com/api/webhooks/12/${"secretsecret".repeat(5)}`,
    "https://discord.com/channels/12",
    "discord://secretsecret@12",
    "discord://12/secretsecret",
    "slack://secretsecret",
    "javascript:alert(1)",
  ];
  for (const text of texts) {
    const { message } = assertThrows(() => channelIn(text), UnusableAddress, undefined, text);
    assert(!message.includes("secretsecret") && !message.includes(TOKEN), message);
  }
});

Deno.test("channelsIn() takes several addresses, each once, up to twenty", () => {
  assertEquals(channelsIn(" telegram://1  ntfy://h/t ").map(({ service }) => service), ["telegram", "ntfy"]);
  const many = Array.from({ length: 21 }, (_, n) => `telegram://${n + 1}`);
  assertEquals(channelsIn(many.slice(1).join(" ")).length, 20);
  for (const text of ["", " ", "telegram://1 telegram://1", many.join(" "), "telegram://1 x"]) {
    assertThrows(() => channelsIn(text), UnusableAddress, undefined, text);
  }
});

Deno.test("pingIn() takes an address and an interval, a minute by default", () => {
  const ping = pingIn("https://hc-ping.com/{token} 5m");
  assertEquals([ping.origin, ping.path, ping.everyMs, ping.needsToken], [
    "https://hc-ping.com",
    "/{token}",
    300_000,
    true,
  ]);
  assertEquals(pingIn("https://hc-ping.com/a").everyMs, 60_000);
  const refused = [
    "",
    "1m",
    "https://h/a 5",
    "https://h/a 9s",
    "https://h/a 25h",
    "https://h/a 1m 1m",
    "ntfy://h/a 1m",
  ];
  for (const text of refused) assertThrows(() => pingIn(text), UnusableAddress, undefined, text);
});

Deno.test("isPrivate() allows a token over https, and within this machine", () => {
  const known = (text: string) => isPrivate(channelIn(text));
  assertEquals(["https://h/a", "http://127.0.0.1/a", "http://[::1]:9/a", "http://localhost/a"].map(known), [
    ...[true, true, true, true],
  ]);
  assertEquals(["http://h/a", "http://10.0.0.1/a", "http://127.0.0.1.example.com/a"].map(known), [
    ...[false, false, false],
  ]);
});

Deno.test("channelsIn() and pingIn() read or refuse any text", () => {
  const pieces = [
    ..."https:// http:// ntfy:// telegram:// discord+http:// ntfy+https:// {token} { } : @ / ? # % %41 .. //"
      .split(" "),
    ..."discord.com /api/webhooks/ ntfy.sh 127.0.0.1 [::1] :80 :99999 42 -1 é \x00 \x1b[2J 1m 10s ∞".split(
      " ",
    ),
    " ",
    "\n",
  ];
  const random = new SeededRandom(22);
  let read = 0;
  for (let n = fuzzCases(20_000); n > 0; n--) {
    let text = "";
    for (let left = random.whole(0, 8); left > 0; left--) text += random.pick(pieces);
    for (const reader of [channelsIn, pingIn]) {
      try {
        for (const { origin, path } of [reader(text)].flat()) assert(URL.canParse(origin + path), text);
        read++;
      } catch (error) {
        if (!(error instanceof UnusableAddress)) throw error;
      }
    }
  }
  assert(read > 100, `${read} were read`);
});
