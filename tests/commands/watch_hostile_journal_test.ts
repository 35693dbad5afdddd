/** `penstock watch` over a journal in which every text is what an attacker would like to be run, or to be sent. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Journal } from "../../src/stores/journal/journal.ts";
import { EventClient } from "../support/event_client.ts";
import { ServedPage } from "../support/served_page.ts";
import { checkpoint, inFolder, openJournal, TIME } from "../stores/sample_journal.ts";

/** Markup, line ends of every kind, an end of an event and of a header, quotes, escapes of a terminal, odd code units. */
const EVIL = [
  `</script><img src=x onerror=alert(1)><svg/onload=alert(2)>{{7*7}}\${alert(3)}`,
  `\r\n\r\nevent: state\ndata: {"runs":[]}\n\nid: 9\n\r: \u2028\u2029\u0085\v\f`,
  `" 'x' \\ \\" } 1\n# HELP penstock_halted x\npenstock_halted{journal="y"} 0\n`,
  `\0\u0007\u001b[2J\u001b]0;title\u0007\u009b31m\u202e\u200b\ufeff\ud800`,
  `javascript:alert(4)`,
].join("");

/** Fills a journal with a run of such texts. */
async function keepEvil(journal: Journal): Promise<void> {
  const options = { symbol: EVIL, cash: "10000", strategy: EVIL, maxDrawdown: EVIL, [EVIL]: EVIL };
  await journal.startRun({ time: TIME, content: { version: EVIL, options, instrument: instrument() } });
  const order = { symbol: EVIL, side: "buy", tradeId: 1 };
  await journal.commit({
    entries: [
      { type: "connected", time: TIME, content: { endpoint: EVIL, attempt: 1 } },
      { type: "gap", time: TIME, content: { symbol: EVIL, fromId: 1, toId: 2, missing: 2, filled: 0 } },
      { type: "refusal", time: TIME, content: { ...order, reason: EVIL, limit: EVIL, value: EVIL } },
      { type: "signal", time: TIME, content: { ...order, price: "1", [EVIL]: EVIL } },
      {
        type: "fill",
        time: TIME,
        content: {
          ...{ ...order, price: "1", quantity: "1", fee: "0", cash: "9999", position: "1", signalTradeId: 1 },
          cause: EVIL,
        },
      },
      {
        type: "halt",
        time: TIME,
        content: {
          symbol: EVIL,
          reason: EVIL,
          limit: EVIL,
          value: EVIL,
          tradeId: 1,
          action: EVIL,
          text: EVIL,
        },
      },
      { type: "disconnected", time: TIME, content: { reason: EVIL, retryInMs: 1, hint: EVIL } },
    ],
    checkpoint: checkpoint(1),
  });
  // It says that it is halted, for this reason.
  await journal.commit({ checkpoint: { ...checkpoint(2), state: { gate: { halt: { reason: EVIL } } } } });
}

function instrument() {
  return { sources: {}, exchangeInfo: { base: EVIL, quote: EVIL } };
}

/** What the texts become in JSON and back: a lone surrogate stays one. */
const TYPES = ["started", "connected", "gap", "refusal", "signal", "fill", "halt", "disconnected"];

Deno.test("penstock watch shows the texts of a hostile journal as texts, and sends none of their markup", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/evil.db`;
    await using journal = await openJournal(path);
    await keepEvil(journal);
    await using page = await ServedPage.open([path]);
    await using client = await EventClient.open(`${page.url}/events`);
    // The first event may be from before the first poll; both are events that watch has made.
    let state = await client.next();
    while (state.type !== "state" || state.data.runs[0].status === null) state = await client.next();
    const [run] = state.data.runs;
    assertEquals(run.problem, null);
    const { symbol, strategy, halt, reason, assets } = run.status;
    assertEquals([symbol, halt.text, reason, assets.base], [EVIL, EVIL, EVIL, EVIL]);
    assert(strategy.includes(EVIL));
    const entries = await client.next();
    assertEquals(entries.type, "entries");
    assertEquals(entries.data.entries.map(({ type }: { type: string }) => type), TYPES);
    assertEquals(entries.data.entries[3].limit, EVIL);
    assertEquals(entries.data.entries[4][EVIL], EVIL);
    assertEquals(entries.id, "8");

    const metrics = await page.get("/metrics");
    for (const line of metrics.text.trimEnd().split("\n")) assertMatch(line, EXPOSITION);
    assertMatch(metrics.text, /^penstock_halted\{[^\n]*\} 1$/m);
    assertEquals(metrics.text.match(/^penstock_halted\{/gm)?.length, 1);

    const health = await page.get("/health");
    assertEquals(health.status, 503);
    assertMatch(health.text, /^dead: [^\p{Cc}]+\n$/u);
    assertEquals(JSON.parse((await page.get("/state")).text).runs[0].status.symbol, EVIL);
    // The page itself holds nothing of a journal; its script puts everything into it as text.
    assert(!(await page.get("/")).text.includes("onerror=alert"));
  });
});

/** A comment, or a sample: a name, labels whose values have no unescaped quote, backslash or line end, and a number. */
const EXPOSITION =
  /^(# (HELP|TYPE) penstock_[a-z_]+ [ -~]+|penstock_[a-z_]+(\{[a-z]+="([^"\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\\[\\"n])*"(,[a-z]+="([^"\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\\[\\"n])*")*\})? [-+.\dInf]+)$/u;
