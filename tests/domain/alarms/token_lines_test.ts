import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Secret, withoutToken } from "../../../src/domain/alarms/secret.ts";
import { tokensIn, UnusableTokens } from "../../../src/domain/alarms/token_lines.ts";

const BOT = { text: "telegram://42", needsToken: true };
const HOOK = { text: "https://h/{token}", needsToken: true };
const TOPIC = { text: "ntfy://h/t", needsToken: false };

/** What a file says, by address. */
function tokens(text: string, ...owners: { readonly text: string; readonly needsToken: boolean }[]) {
  return [...tokensIn(text, owners).byAddress].map(([address, token]) => `${address} ${token.reveal()}`);
}

Deno.test("tokensIn() reads a line for each address, and skips comments and empty lines", () => {
  const text = "\ufeff# of the house\r\n\r\n  telegram://42\t1:a  \r\nhttps://h/{token} b\nntfy://h/t tk_c\n";
  const expected = ["telegram://42 1:a", "https://h/{token} b", "ntfy://h/t tk_c"];
  assertEquals(tokens(text, TOPIC, BOT, HOOK), expected);
  assertEquals(tokensIn(text, [BOT]).unused, [4, 5]);
});

Deno.test("tokensIn() gives a token alone to the only address that needs one, or to the only one", () => {
  assertEquals(tokens("1:a\n", TOPIC, BOT), ["telegram://42 1:a"]);
  assertEquals(tokens("# a comment\ntk_c", TOPIC), ["ntfy://h/t tk_c"]);
  for (const owners of [[BOT, HOOK], [TOPIC, { ...TOPIC, text: "ntfy://h/u" }]]) {
    assertThrows(() => tokensIn("secret1", owners), UnusableTokens, "it holds one token without an address");
  }
});

Deno.test("tokensIn() refuses other files, and repeats nothing of them", () => {
  for (
    const text of [
      "",
      "# only\n",
      "telegram://42 a secret1",
      "a b\nsecret1",
      "telegram://42 a\ntelegram://42 secret1",
    ]
  ) {
    const { message } = assertThrows(() => tokensIn(text, [BOT]), UnusableTokens, undefined, text);
    assert(!message.includes("secret1"), message);
  }
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => {
    try {
      tokensIn(text, [BOT]);
    } catch (error) {
      assert(error instanceof UnusableTokens);
    }
  }));
});

Deno.test("withoutToken() leaves out what looks like a token, and keeps names of files and other words", () => {
  const bot = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
  const uuid = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
  for (const token of [bot, uuid, "A".repeat(68), "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2".toLowerCase()]) {
    assertEquals([withoutToken(token), withoutToken(`--token=${token}`)], ["(secret)", "--token=(secret)"]);
  }
  const others = [
    "",
    "data/telegram.token",
    "--cash=5",
    "--_=1",
    "-x",
    "a=b=c",
    `data/${"a".repeat(60)}`,
    "12:00",
  ];
  assertEquals(others.map(withoutToken), others);
});

Deno.test("Secret never shows itself, and removes itself from texts that come from elsewhere", () => {
  const secret = new Secret("1:a/b c");
  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    Deno.inspect(secret),
    Deno.inspect({ secret }),
    String(secret),
  ];
  for (const text of shown) assert(!text.includes("1:a") && text.includes("(secret)"), text);
  const said = secret.scrub("GET /bot1:a/b c/x?1%3Aa%2Fb%20c or 1:a/b%20c");
  assertEquals(said, "GET /bot(secret)/x?(secret) or (secret)");
  assertEquals(new Secret("").scrub("as it is"), "as it is");
});
