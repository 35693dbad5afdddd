import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configure } from "../../src/config/config.ts";
import { openExchange } from "../../src/simulator/configured.ts";
import { BuiltInExchange, type ExchangeEvent } from "../../src/simulator/server.ts";
import { parseFaults } from "../../src/simulator/faults.ts";
import { Client, RawClient, upgradeRequest } from "./client.ts";

async function ask(exchange: BuiltInExchange, request: string): Promise<string> {
  using client = await RawClient.connect(exchange);
  await client.write(request);
  return await client.all();
}

async function get(exchange: BuiltInExchange, path: string) {
  const response = await fetch(exchange.restEndpoint + path);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

Deno.test("the exchange answers requests that it cannot accept", async () => {
  await using exchange = BuiltInExchange.listen();
  const cases: [request: string, answer: string][] = [
    ["POST /api/v3/ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 405 "],
    ["GET /api/v3/ping HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 505 "],
    ["GET /api/v3/ping HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "],
    ["GET /api/v3/ping HTTP/1.1\r\nHost: a b/c\r\n\r\n", "HTTP/1.1 400 "],
    ["GET /api/v3/ping HTTP/1.1\r\nHost x\r\n\r\n", "HTTP/1.1 400 "],
    ["GET /api/v3/ping HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 "],
    ["GET /api/v3/ping HTTP/1.1\r\nHost : localhost\r\n\r\n", "HTTP/1.1 400 "],
    ["GET /api/v3/ping HTTP/1.1\r\nX: y\r\n Host: localhost\r\n\r\n", "HTTP/1.1 400 "],
    ["GET /api/v3/ping HTTP/1.1\r\nHost: localhost\nOrigin: null\r\n\r\n", "HTTP/1.1 400 "],
    ["GET http://evil.example/api/v3/ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 "],
    ["GET //evil.example/api/v3/ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 "],
    ["CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 "],
    ["\x16\x03\x01 not http at all\r\n\r\n", "HTTP/1.1 400 "],
    [
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`.slice(0, 16_384),
      "HTTP/1.1 431 ",
    ],
    ["GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 "],
    ["GET /ws/btcusdt@trade HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 426 "],
    ["GET /ws/%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 "],
    [upgradeRequest("/wsx"), "HTTP/1.1 404 "],
    [upgradeRequest("/ws").replace("Version: 13", "Version: 8"), "HTTP/1.1 426 "],
    [upgradeRequest("/ws").replace("dGhl", "d"), "HTTP/1.1 400 "],
    [upgradeRequest("/ws").replace("keep-alive, Upgrade", "keep-alive"), "HTTP/1.1 400 "],
    [upgradeRequest(`/stream?streams=${"a/".repeat(1025)}`), "HTTP/1.1 400 "],
    ["GET /api/v3/ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK\r\n"],
  ];
  for (const [request, start] of cases) {
    const answer = await ask(exchange, request);
    assert(answer.startsWith(start), `${request.slice(0, 60)} was answered ${answer.slice(0, 60)}`);
    assertStringIncludes(answer, "\r\nConnection: close\r\n");
  }
  assertEquals(exchange.connectionsAccepted, 0);
});

Deno.test("the exchange answers no web page: Host and Origin must name loopback, or a name that it is given", async () => {
  await using exchange = BuiltInExchange.listen();
  await using named = BuiltInExchange.listen({ hosts: ["market.test", "10.0.0.5"] });
  const ping = (...headers: string[]) => `GET /api/v3/ping HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`;
  const stream = (...headers: string[]) =>
    upgradeRequest("/ws/btcusdt@trade").replace("Host: localhost", headers.join("\r\n"));
  const cases: [exchange: BuiltInExchange, headers: string[], isAnswered: boolean][] = [
    [exchange, ["Host: localhost"], true],
    [exchange, ["Host: LOCALHOST:9001"], true],
    [exchange, ["Host: 127.0.0.1:80"], true],
    [exchange, ["Host: [::1]:9001"], true],
    [exchange, ["Host: localhost", "Origin: http://localhost:3000"], true],
    [exchange, ["Host: evil.example"], false],
    [exchange, ["Host: localhost.evil.example:9001"], false],
    [exchange, ["Host: 127.0.0.1.evil.example"], false],
    [exchange, ["Host: localhost", "Origin: https://evil.example"], false],
    [exchange, ["Host: localhost", "Origin: null"], false],
    [exchange, ["Host: localhost", "Origin: file://"], false],
    [exchange, ["Host: market.test"], false],
    // Other spellings of loopback, which a browser turns into one of the three before it sends them.
    [exchange, ["Host: [0:0:0:0:0:0:0:1]:9001"], true],
    [exchange, ["Host: [::ffff:127.0.0.1]"], false],
    [exchange, ["Host: ::1"], false],
    [exchange, ["Host: localhost."], false],
    [exchange, ["Host: localhost:99999"], false],
    [exchange, ["Host: :9001"], false],
    [exchange, ["Host: evil-localhost"], false],
    [exchange, ["Host: [::1].evil.example"], false],
    [exchange, ["Host: localhost", "Origin: HTTP://LOCALHOST"], true],
    [exchange, ["Host: localhost", "Origin: https://[::1]:8443"], true],
    [exchange, ["Host: localhost", "Origin:"], false],
    [exchange, ["Host: localhost", "Origin: localhost"], false],
    [exchange, ["Host: localhost", "Origin: http://localhost.evil.example"], false],
    [exchange, ["Host: localhost", "Origin: http://localhost@evil.example"], false],
    [exchange, ["Host: localhost", "Origin: http://evil.example@localhost"], false],
    [exchange, ["Host: localhost", "Origin: http://localhost/, http://evil.example"], false],
    [exchange, ["Host: localhost", "Origin: http://localhost", "Origin: http://evil.example"], false],
    [exchange, ["Host: localhost", "Origin: app://localhost"], false],
    [exchange, ["Host: localhost", "Sec-Fetch-Site: cross-site"], false],
    [exchange, ["Host: localhost", "Sec-Fetch-Site: same-site"], false],
    [exchange, ["Host: localhost", "Sec-Fetch-Site: none"], true],
    [exchange, ["Host: localhost", "Sec-Fetch-Site: cross-site", "Origin: http://localhost:3000"], true],
    [named, ["Host: market.test:9001", "Origin: http://10.0.0.5"], true],
    [named, ["Host: localhost"], true],
    [named, ["Host: other.test"], false],
  ];
  for (const [asked, headers, isAnswered] of cases) {
    const rest = await ask(asked, ping(...headers));
    assert(
      rest.startsWith(isAnswered ? "HTTP/1.1 200 " : "HTTP/1.1 403 "),
      `${headers}: ${rest.slice(0, 200)}`,
    );
    using client = await RawClient.connect(asked);
    await client.write(stream(...headers));
    const head = await client.head();
    assert(
      head.startsWith(isAnswered ? "HTTP/1.1 101 " : "HTTP/1.1 403 "),
      `${headers}: ${head.slice(0, 200)}`,
    );
  }
});

Deno.test("openExchange() answers to the names that --host gives", async () => {
  const { config } = configure({ host: { text: "Market.test", source: "command line" } }, [], "exchange");
  await using exchange = await openExchange(config, 0, () => {}, new AbortController().signal);
  const ping = (host: string) => ask(exchange, `GET /api/v3/ping HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  assert((await ping("market.test:9001")).startsWith("HTTP/1.1 200 "));
  assert((await ping("sub.market.test")).startsWith("HTTP/1.1 403 "));
});

Deno.test("the exchange reads a request head in pieces", async () => {
  await using exchange = BuiltInExchange.listen();
  using client = await RawClient.connect(exchange);
  for (const piece of upgradeRequest("/ws").match(/[^]{1,7}/g)!) await client.write(piece);
  assert((await client.head()).startsWith("HTTP/1.1 101 "));
});

Deno.test("the exchange closes while requests are being read", async () => {
  const exchange = BuiltInExchange.listen();
  using client = await RawClient.connect(exchange);
  await client.write("GET / HTTP/1.1\r\n");
  await (await fetch(`${exchange.restEndpoint}/api/v3/ping`)).body?.cancel();
  await exchange.close();
  assertEquals(await client.all(), "");
});

Deno.test("REST answers ping, time and the filters of its symbol", async () => {
  await using exchange = BuiltInExchange.listen({ symbol: "ETHBTC" });
  assertEquals((await get(exchange, "/api/v3/ping")).body, {});
  const before = Date.now();
  const { body: { serverTime } } = await get(exchange, "/api/v3/time");
  assert(serverTime >= before && serverTime <= Date.now(), `${serverTime}`);
  const { status, body: { symbols: [info] } } = await get(exchange, "/api/v3/exchangeInfo?symbol=ETHBTC");
  assertEquals([status, info.symbol, info.status, info.baseAsset, info.quoteAsset], [
    200,
    "ETHBTC",
    "TRADING",
    "ETH",
    "BTC",
  ]);
  // deno-lint-ignore no-explicit-any
  const filter = (type: string) => info.filters.find((filter: any) => filter.filterType === type);
  assertEquals(filter("PRICE_FILTER").tickSize, "0.01000000");
  assertEquals(filter("LOT_SIZE").stepSize, "0.00001000");
  assertEquals(filter("NOTIONAL").minNotional, "5.00000000");
});

Deno.test("REST refuses what Binance refuses", async () => {
  await using exchange = BuiltInExchange.listen();
  const cases: [path: string, code: number][] = [
    ["/api/v3/exchangeInfo?symbol=NOPE", -1121],
    ["/api/v3/aggTrades?symbol=btcusdt", -1121],
    ["/api/v3/aggTrades", -1102],
    ["/api/v3/historicalTrades?symbol=BTCUSDT&limit=x", -1100],
    ["/api/v3/historicalTrades?symbol=BTCUSDT&fromId=-5", -1100],
    ["/api/v3/historicalTrades?symbol=BTCUSDT&limit=0", -1130],
    ["/api/v3/aggTrades?symbol=BTCUSDT&startTime=5", -1104],
  ];
  for (const [path, code] of cases) {
    const { status, body } = await get(exchange, path);
    assertEquals([status, body.code, typeof body.msg], [400, code, "string"], path);
  }
});

Deno.test("REST pages join the stream without a hole", async () => {
  await using exchange = BuiltInExchange.listen({ speed: Infinity, firstId: 500 });
  await using client = await Client.connect(exchange);
  const live = await client.trades(3000);
  assertEquals(live.map(({ t }) => t), Array.from({ length: 3000 }, (_, index) => 500 + index));

  const minuteNow = () => Math.floor(Date.now() / 60_000);
  const minute = minuteNow();
  // deno-lint-ignore no-explicit-any
  const rows: any[] = [];
  while (rows.length < 3000) {
    const { body } = await get(
      exchange,
      `/api/v3/historicalTrades?symbol=BTCUSDT&fromId=${500 + rows.length}&limit=1000`,
    );
    assertEquals(body.length, 1000);
    rows.push(...body);
  }
  live.forEach((trade, index) => {
    const { id, price, qty, quoteQty, time, isBuyerMaker, isBestMatch } = rows[index];
    assertEquals([id, price, qty, time, isBuyerMaker, isBestMatch], [
      trade.t,
      trade.p,
      trade.q,
      trade.T,
      trade.m,
      true,
    ]);
    const cents = BigInt(price.replace(".", "")) * BigInt(qty.replace(".", "")) / 10n ** 8n;
    assertEquals(BigInt(quoteQty.replace(".", "")), cents);
  });

  const { body: first, headers } = await get(exchange, "/api/v3/aggTrades?symbol=BTCUSDT&fromId=1");
  // The three pages before cost 25 each, unless a new minute has started since.
  const used = minute === minuteNow() ? ["79"] : ["4", "29", "54", "79"];
  assert(used.includes(headers.get("X-MBX-USED-WEIGHT-1M")!));
  assertEquals([first.length, first[0].a, first[0].f], [
    500,
    1,
    500,
  ]);
  const { body: second } = await get(
    exchange,
    `/api/v3/aggTrades?symbol=BTCUSDT&fromId=${first.at(-1).a + 1}`,
  );
  const aggregates = [...first, ...second];
  aggregates.forEach((aggregate, index) => {
    assertEquals(aggregate.a, index + 1);
    assertEquals(aggregate.f, index === 0 ? 500 : aggregates[index - 1].l + 1);
    const parts = live.slice(aggregate.f - 500, aggregate.l - 499);
    assertEquals(new Set(parts.map(({ p, T, m }) => `${p} ${T} ${m}`)).size, 1);
    const sum = parts.reduce((sum, { q }) => sum + BigInt(q.replace(".", "")), 0n);
    assertEquals(BigInt(aggregate.q.replace(".", "")), sum);
  });

  const newest = (await get(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT&limit=5000")).body;
  assertEquals([newest.length, newest.at(-1).id], [1000, 499 + exchange.released]);
  assertEquals((await get(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=999999999")).body, []);
});

Deno.test("REST refuses above 6,000 weight a minute", async () => {
  await using exchange = BuiltInExchange.listen();
  let refused: Response | null = null;
  for (let request = 0; request <= 600 && refused === null; request++) {
    const response = await fetch(`${exchange.restEndpoint}/api/v3/historicalTrades?symbol=BTCUSDT`);
    await response.text();
    if (response.status === 429) refused = response;
    else assert(Number(response.headers.get("X-MBX-USED-WEIGHT-1M")) <= 6000);
  }
  const wait = Number(refused?.headers.get("Retry-After"));
  assert(wait >= 1 && wait <= 60, `Retry-After ${wait}`);
});

Deno.test("onRest sees every REST request with its answer, and decides what is sent", async () => {
  const seen: string[] = [];
  await using exchange = BuiltInExchange.listen({
    onRest(url, answer) {
      seen.push(`${url.pathname} ${answer.status}`);
      return url.pathname.endsWith("ping") ? answer : { ...answer, status: 503, body: "{}" };
    },
  });
  assertEquals((await get(exchange, "/api/v3/ping")).status, 200);
  const { status, headers, body } = await get(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT");
  assertEquals([status, headers.get("X-MBX-USED-WEIGHT-1M"), body], [503, "26", {}]);
  assertEquals(seen, ["/api/v3/ping 200", "/api/v3/historicalTrades 200"]);
});

Deno.test("refuse answers the next attempts with its status, Retry-After and body", async () => {
  const events: ExchangeEvent[] = [];
  await using exchange = BuiltInExchange.listen({
    faults: parseFaults("refuse=451:7:2@0,refuse=429:3@0"),
    onEvent: (event) => events.push(event),
  });
  for (const [status, seconds, code] of [[451, 7, 0], [451, 7, 0], [429, 3, -1003]]) {
    const answer = await ask(exchange, upgradeRequest("/ws/btcusdt@trade"));
    assert(answer.startsWith(`HTTP/1.1 ${status} `), answer);
    assertStringIncludes(answer, `\r\nRetry-After: ${seconds}\r\n`);
    assertStringIncludes(answer, `{"code":${code},`);
  }
  assertEquals((await get(exchange, "/api/v3/ping")).status, 200);
  await using client = await Client.connect(exchange);
  assertEquals((await client.json()).t, 1);
  assertEquals(events.map(({ type }) => type), [
    "fault",
    "fault",
    "listening",
    "refused",
    "refused",
    "refused",
    "connected",
  ]);
});
