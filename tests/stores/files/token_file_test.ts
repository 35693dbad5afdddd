import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ConfigError } from "../../../src/domain/process/config_error.ts";
import { isOpenToOthers, tokenIn } from "../../../src/stores/files/token_file.ts";
import { inFolder } from "../sample_journal.ts";

Deno.test("tokenIn() makes a token of 256 bits for its owner only, and reads it back", async () => {
  await inFolder((folder) => {
    const token = tokenIn(`${folder}/a`);
    assertMatch(token, /^[\w-]{43}$/);
    assertEquals(Deno.readTextFileSync(`${folder}/a`), `${token}\n`);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(`${folder}/a`).mode! & 0o777, 0o600);
    assertEquals(tokenIn(`${folder}/a`), token);
    assert(tokenIn(`${folder}/b`) !== token);
  });
});

Deno.test("tokenIn() refuses a token that can be guessed, and a file that holds something else", async () => {
  await inFolder((folder) => {
    const path = `${folder}/a`;
    for (
      const text of [
        "",
        "secret",
        "a".repeat(21),
        `${"a".repeat(30)} b`,
        "ä".repeat(30),
        "a".repeat(5_000),
        "x".repeat(10) + "\n".repeat(900),
      ]
    ) {
      Deno.writeTextFileSync(path, text);
      const { message } = assertThrows(() => tokenIn(path), ConfigError);
      assertMatch(
        message,
        /--token .*: expected one line of 22 or more letters, digits, - and _; remove the file/,
      );
      assertEquals(Deno.readTextFileSync(path), text);
    }
    Deno.writeTextFileSync(path, `  ${"a".repeat(22)}\r\n`);
    assertEquals(tokenIn(path), "a".repeat(22));
    assertThrows(() => tokenIn(folder), ConfigError, "expected a file, but this is a folder");
    assertThrows(() => tokenIn(`${folder}/none/a`), ConfigError, "expected a file in a folder that exists");
  });
});

Deno.test({
  name: "isOpenToOthers() finds a token that users other than its owner may read",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder((folder) => {
      const path = `${folder}/a`;
      tokenIn(path);
      assertEquals(isOpenToOthers(path), false);
      Deno.chmodSync(path, 0o640);
      assertEquals(isOpenToOthers(path), true);
    }),
});
