import { assertEquals, assertThrows } from "@std/assert";
import { configure } from "../../src/config/config.ts";
import type { GivenOptions } from "../../src/config/configuration.ts";
import type { CommandName } from "../../src/config/command_name.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import { isLoopback, listenText, namesOf } from "../../src/config/watch_options.ts";

function listenIn(text: string, command: CommandName = "watch", more: GivenOptions = {}) {
  return configure({ ...more, listen: { text, source: "command line" } }, [], command).config.listen;
}

function mistakesIn(
  text: string,
  command: CommandName = "watch",
  more: GivenOptions = {},
): readonly string[] {
  return assertThrows(() => listenIn(text, command, more), ConfigError).mistakes;
}

Deno.test("--listen reads an IP address and a port, in the form in which the address is always written", () => {
  const token: GivenOptions = { token: { text: "a.token", source: "command line" } };
  const read: readonly (readonly [text: string, written: string, isLocal: boolean])[] = [
    ["127.0.0.1:8080", "127.0.0.1:8080", true],
    ["127.0.0.2:0", "127.0.0.2:0", true],
    ["[::1]:8080", "[::1]:8080", true],
    ["[0:0:0:0:0:0:0:1]:1", "[::1]:1", true],
    ["0.0.0.0:80", "0.0.0.0:80", false],
    ["[::]:80", "[::]:80", false],
    ["10.0.0.5:65535", "10.0.0.5:65535", false],
    // An IPv4 address in the form of the other kind is no loopback that any browser names.
    ["[::ffff:127.0.0.1]:80", "[::ffff:7f00:1]:80", false],
  ];
  for (const [text, written, isLocal] of read) {
    const listen = listenIn(text, "watch", token);
    assertEquals([listenText(listen), isLoopback(listen)], [written, isLocal], text);
  }
});

Deno.test("a page is reached by the address that it listens on, unless it listens on all", () => {
  const token: GivenOptions = { token: { text: "a.token", source: "command line" } };
  for (
    const [text, names] of [
      ["127.0.0.2:0", ["127.0.0.2"]],
      ["10.0.0.5:80", ["10.0.0.5"]],
      ["[fd00:0:0::5]:80", ["[fd00::5]"]],
      ["0.0.0.0:80", []],
      ["[::]:80", []],
    ] as const
  ) assertEquals(namesOf(listenIn(text, "watch", token)), names, text);
});

Deno.test("--listen refuses names, which may later resolve to another address, and anything that is not an address", () => {
  for (
    const text of [
      "localhost:80",
      "8080",
      ":8080",
      "127.0.0.1",
      "127.0.0.1:65536",
      "127.0.0.256:1",
      "::1:80",
      "*:80",
    ]
  ) {
    assertEquals(mistakesIn(text), [
      `--listen is "${text}": expected an IP address of this machine and a port, such as 127.0.0.1:8080 or [::1]:8080`,
    ]);
  }
});

Deno.test("--listen beyond loopback needs a token, and a demo has neither", () => {
  assertEquals(mistakesIn("0.0.0.0:8080"), [
    "--listen is 0.0.0.0:8080, which other machines can reach: expected --token FILE as well, so that only " +
    "clients with the token get an answer",
  ]);
  const watch: GivenOptions = { watch: { text: "on", source: "command line" } };
  assertEquals(mistakesIn("0.0.0.0:8080", "demo", watch), [
    "--listen is 0.0.0.0:8080: expected a loopback address, such as 127.0.0.1:8080",
  ]);
  assertEquals(mistakesIn("127.0.0.1:1", "demo"), [
    "--listen is 127.0.0.1:1: expected --watch as well, as a demo has no live page without it",
  ]);
  // A configuration file may be that of several commands.
  configure({ listen: { text: "127.0.0.1:1", source: "file" } }, [], "demo");
});
