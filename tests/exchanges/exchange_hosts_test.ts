import { assert, assertEquals } from "@std/assert";
import { EXCHANGE_NAMES, exchangeAt, EXCHANGES, hostOf, hostsOf } from "../../src/exchanges/hosts.ts";

const ROOT = new URL("../../", import.meta.url);
const ALL_HOSTS = EXCHANGE_NAMES.flatMap(hostsOf);

/** The sources of a folder, by path. */
function* sourcesOf(folder: URL): Generator<[string, string]> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* sourcesOf(url);
    else yield [url.pathname, Deno.readTextFileSync(url)];
  }
}

Deno.test("hostsOf() gives every host with its port, WebSocket first", () => {
  assertEquals(hostsOf("binance"), [
    "stream.binance.com:9443",
    "data-stream.binance.vision:443",
    "api.binance.com:443",
    "data-api.binance.vision:443",
  ]);
  assertEquals(hostsOf("binance-us"), ["stream.binance.us:9443", "api.binance.us:443"]);
});

Deno.test("hostOf() adds the scheme's own port if an address leaves it out", () => {
  assertEquals(hostOf("wss://data-stream.binance.vision:443"), "data-stream.binance.vision:443");
  assertEquals(hostOf("https://h:443/x"), "h:443");
  assertEquals(hostOf("wss://stream.binance.com:9443/ws"), "stream.binance.com:9443");
  assertEquals(hostOf("ws://127.0.0.1"), "127.0.0.1:80");
  assertEquals(hostOf("http://[::1]:9001/path"), "[::1]:9001");
});

Deno.test("exchangeAt() recognises an exchange by its whole host name, on any port", () => {
  for (const name of EXCHANGE_NAMES) {
    const { stream, rest } = EXCHANGES[name];
    for (const address of [stream, rest]) {
      assertEquals(exchangeAt(address), name);
      assertEquals(exchangeAt(`${address.replace(/:\d+$/, "")}:8443`), name);
    }
  }
  for (const other of ["ws://127.0.0.1:9001", "wss://binance.us", "wss://stream.binance.com.example.org"]) {
    assertEquals(exchangeAt(other), null);
  }
});

Deno.test("the list of hosts is the one in docs/live.md", () => {
  const page = Deno.readTextFileSync(new URL("docs/live.md", ROOT));
  for (const name of EXCHANGE_NAMES) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\``)) ?? "";
    assertEquals([...row.matchAll(/`([\w.-]+:\d+)`/g)].map(([, host]) => host), hostsOf(name), name);
  }
});

Deno.test("no other source contains the address of an exchange", () => {
  const names = ALL_HOSTS.map((host) => RegExp.escape(host.replace(/:\d+$/, ""))).join("|");
  const literal = new RegExp(`["'\`](wss|https)://(${names})`);
  for (const [path, source] of sourcesOf(new URL("src/", ROOT))) {
    if (path.endsWith("/src/exchanges/hosts.ts")) continue;
    const found = source.match(literal);
    assertEquals(found, null, `${path} has ${found?.[0]}: it belongs in src/exchanges/hosts.ts`);
  }
});

/** Where else the name of an exchange may appear, and why. */
const NAMED_IN: Readonly<Record<string, string>> = {
  "config/help.ts": "users read the names of files and protocols there",
  "feeds/files/": "layouts and checksums of its public files",
  "formats/": "layouts of its public files",
  "commands/backtest/contracts.ts": "files of one of its markets",
  "commands/backtest/symbol_mismatches.ts": "names of its public files",
  "simulator/messages.ts": "the built-in exchange speaks its protocol",
  "simulator/refusals.ts": "the built-in exchange speaks its protocol",
  "simulator/rest.ts": "the built-in exchange speaks its protocol",
  "simulator/server.ts": "the built-in exchange speaks its protocol",
};

Deno.test("an exchange's name, headers and paths appear only in its own folder", () => {
  const folder = new URL("src/", ROOT);
  const own = /binance|x-mbx|\/api\/v3/i;
  const found = [...sourcesOf(folder)].map(([path, source]) => [path.slice(folder.pathname.length), source])
    .filter(([, source]) => own.test(source!)).map(([path]) => path!);
  const allowed = ["exchanges/binance/", "exchanges/hosts.ts", "exchanges/known_exchanges.ts"];
  const elsewhere = found.filter((path) =>
    ![...allowed, ...Object.keys(NAMED_IN)].some((place) => path.startsWith(place))
  );
  assertEquals(elsewhere, []);
  for (const place of Object.keys(NAMED_IN)) assert(found.some((path) => path.startsWith(place)), place);
});
