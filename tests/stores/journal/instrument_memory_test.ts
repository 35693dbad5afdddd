import { assertEquals, assertRejects } from "@std/assert";
import type { KeptInfo } from "../../../src/domain/market/instrument.ts";
import { lastInfo, rulesIn, rulesOf } from "../../../src/stores/journal/instrument_memory.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { inFolder, openJournal, TIME } from "../sample_journal.ts";

const NOW = "2024-08-08T23:54:15.342123Z";

function info(lot: string): KeptInfo {
  return { time: NOW, host: "127.0.0.1:9001", status: "TRADING", rules: { lot } };
}

function content(symbol: string, exchangeInfo: KeptInfo | null): object {
  const options = { symbol, lot: "0.5", tick: "0.1", minNotional: "7", maxQuantity: "9", minQuantity: null };
  return {
    version: "1",
    market: "binance",
    options,
    instrument: { sources: { lot: "command line" }, exchangeInfo },
  };
}

Deno.test("lastInfo() returns the newest information that an exchange sent about the symbol, in any run", async () => {
  await inFolder(async (folder) => {
    await using journal = await openJournal(`${folder}/run.db`);
    assertEquals(await lastInfo(journal, "BTCUSDT", "binance"), null);
    await journal.startRun({ time: TIME, content: content("BTCUSDT", info("1")) });
    assertEquals(await lastInfo(journal, "BTCUSDT", "binance"), info("1"));
    const resume = (exchangeInfo: KeptInfo | null) =>
      journal.commit({
        entries: [{ type: "resumed", time: TIME, content: content("BTCUSDT", exchangeInfo) }],
      });
    await resume(info("2"));
    assertEquals(await lastInfo(journal, "BTCUSDT", "binance"), info("2"));
    await journal.startRun({ time: TIME, content: content("ETHUSDT", info("3")) });
    await journal.startRun({ time: TIME, content: content("BTCUSDT", null) });
    assertEquals([
      await lastInfo(journal, "BTCUSDT", "binance"),
      await lastInfo(journal, "ETHUSDT", "binance"),
    ], [
      info("2"),
      info("3"),
    ]);
    assertEquals(await lastInfo(journal, "XRPUSDT", "binance"), null);
  });
});

Deno.test("rulesOf() returns the options and origins of a run, and nothing for a run of an older Penstock", async () => {
  await inFolder(async (folder) => {
    await using journal = await openJournal(`${folder}/run.db`);
    await journal.startRun({ time: TIME, content: content("BTCUSDT", null) });
    const { options, sources, time } = (await rulesOf(journal))!;
    assertEquals([options["lot"], sources, time], ["0.5", { lot: "command line" }, NOW]);
    await journal.startRun({ time: TIME, content: { version: "1", options: { lot: "2" } } });
    assertEquals(await rulesOf(journal), { options: { lot: "2" }, sources: {}, time: NOW });
  });
});

Deno.test("rulesIn() returns the rules of the symbol's last run", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/run.db`;
    const journal = await openJournal(path);
    await journal.startRun({ time: TIME, content: content("ETHUSDT", null) });
    await journal.startRun({ time: TIME, content: content("BTCUSDT", info("4")) });
    await journal.close();
    await using reader = await JournalReader.open(path);
    assertEquals(await rulesIn(reader, "XRPUSDT"), null);
    const source = (run: number) => `run ${run} in ${path}, started ${NOW}`;
    const rules = { lot: "0.5", tick: "0.1", minNotional: "7", maxQuantity: "9" };
    // A limit that is null or was unknown does not exist.
    const none = { minQuantity: "0", maxNotional: "0" };
    assertEquals(await rulesIn(reader, "BTCUSDT"), { rules: { ...rules, ...none }, source: source(2) });
    assertEquals((await rulesIn(reader, "ETHUSDT"))?.source, source(1));
  });
});

Deno.test("lastInfo() returns information from this market, not from another", async () => {
  await inFolder(async (folder) => {
    await using journal = await openJournal(`${folder}/run.db`);
    await journal.startRun({ time: TIME, content: content("BTCUSDT", info("1")) });
    const toy = { ...content("BTCUSDT", info("2")), market: "built-in exchange" };
    await journal.startRun({ time: TIME, content: toy });
    assertEquals(await lastInfo(journal, "BTCUSDT", "binance"), info("1"));
    assertEquals(await lastInfo(journal, "BTCUSDT", "built-in exchange"), info("2"));
    assertEquals(await lastInfo(journal, "BTCUSDT", "ws://127.0.0.1:9001"), null);
    // A run of an older version has its market in its options.
    const { market: _market, options, ...older } = content("ETHUSDT", info("3")) as Record<string, object>;
    const kept = { ...options, exchange: "binance", endpoint: "ws://127.0.0.1:9001" };
    await journal.startRun({ time: TIME, content: { ...older, options: kept } });
    assertEquals(await lastInfo(journal, "ETHUSDT", "binance"), null);
    assertEquals(await lastInfo(journal, "ETHUSDT", "ws://127.0.0.1:9001"), info("3"));
  });
});

Deno.test("rulesOf(), lastInfo() and rulesIn() return the rules that arrived, and no others", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/run.db`;
    const journal = await openJournal(path);
    const awaited = { lot: "awaited", tick: "awaited", minNotional: "default" };
    const options = { symbol: "BTCUSDT", lot: null, tick: null, minNotional: "5", maxQuantity: "7" };
    const instrument = { sources: awaited, exchangeInfo: null };
    await journal.startRun({ time: TIME, content: { version: "1", market: "binance", options, instrument } });
    {
      await using reader = await JournalReader.open(path);
      const { rules } = (await rulesIn(reader, "BTCUSDT"))!;
      assertEquals([rules.lot, rules.tick, rules.minNotional, rules.maxQuantity], [
        undefined,
        undefined,
        undefined,
        "7",
      ]);
    }
    const rules = { lot: "2", tick: "0.5", minNotional: "9", maxQuantity: "7" };
    const printed = { ...info("2"), base: "BTC", quote: "USDT" };
    const sources = { lot: "exchange", tick: "exchange", minNotional: "exchange" };
    const come = { symbol: "BTCUSDT", rules, instrument: { sources, exchangeInfo: printed } };
    await journal.commit({ entries: [{ type: "rules", time: TIME, content: come }] });
    assertEquals(await rulesOf(journal), { options: { ...options, ...rules }, sources, time: NOW });
    assertEquals(await lastInfo(journal, "BTCUSDT", "binance"), printed);
    await using reader = await JournalReader.open(path);
    const { rules: found, assets } = (await rulesIn(reader, "BTCUSDT"))!;
    assertEquals([found.lot, found.minNotional, assets], ["2", "9", { base: "BTC", quote: "USDT" }]);
    // A process that resumes the run writes them with its options.
    const resumed = { version: "1", market: "binance", options: { ...options, lot: "3" }, instrument };
    await journal.commit({ entries: [{ type: "resumed", time: TIME, content: resumed }] });
    assertEquals((await rulesOf(journal))!.options["lot"], "3");
    await journal.close();
  });
});

Deno.test("rulesOf(), lastInfo() and rulesIn() refuse rules that no instrument can have, even if the chain is intact", async () => {
  const sound = {
    options: { symbol: "BTCUSDT", lot: "0.5" },
    instrument: { sources: {}, exchangeInfo: info("1") },
  };
  const { options, instrument } = sound;
  const cases: readonly [odd: string, content: object][] = [
    ["lot", { ...sound, options: { ...options, lot: "1e999999999" } }],
    ["tick", { ...sound, options: { ...options, tick: "0" } }],
    ["maxQuantity", { ...sound, options: { ...options, maxQuantity: ["9"] } }],
    ["lot", { ...sound, instrument: { ...instrument, exchangeInfo: info("-1") } }],
    ["instrument", { ...sound, instrument: "exchange" }],
    ["instrument", { ...sound, instrument: { ...instrument, exchangeInfo: { ...info("1"), rules: null } } }],
    ["instrument", { ...sound, instrument: { ...instrument, exchangeInfo: { ...info("1"), base: {} } } }],
    ["instrument", {
      ...sound,
      instrument: { ...instrument, exchangeInfo: { ...info("1"), quote: "\x1b[2J" } },
    }],
    ["instrument", { ...sound, instrument: { ...instrument, sources: { lot: [] } } }],
  ];
  for (const [odd, content] of cases) {
    await inFolder(async (folder) => {
      await using journal = await openJournal(`${folder}/run.db`);
      await journal.startRun({ time: TIME, content: { version: "1", market: "binance", ...content } });
      await using reader = await JournalReader.open(journal.path);
      const why = `the ${odd} in entry 1 (started) cannot be that of a run`;
      await assertRejects(() => rulesOf(journal), JournalError, why);
      await assertRejects(() => lastInfo(journal, "BTCUSDT", "binance"), JournalError, why);
      await assertRejects(() => rulesIn(reader, "BTCUSDT"), JournalError, why);
    });
  }
});
