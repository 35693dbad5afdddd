import { assertEquals } from "@std/assert";
import type { KeptInfo } from "../../src/domain/instrument.ts";
import { lastInfo, rulesIn, rulesOf } from "../../src/stores/instrument_memory.ts";
import { JournalReader } from "../../src/stores/journal_reader.ts";
import { inFolder, openJournal, TIME } from "./sample_journal.ts";

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

Deno.test("lastInfo() is the newest that an exchange said of the symbol, in whatever run", () => {
  inFolder((folder) => {
    using journal = openJournal(`${folder}/run.db`);
    assertEquals(lastInfo(journal, "BTCUSDT", "binance"), null);
    journal.startRun({ time: TIME, content: content("BTCUSDT", info("1")) });
    assertEquals(lastInfo(journal, "BTCUSDT", "binance"), info("1"));
    const resume = (exchangeInfo: KeptInfo | null) =>
      journal.commit({
        entries: [{ type: "resumed", time: TIME, content: content("BTCUSDT", exchangeInfo) }],
      });
    resume(info("2"));
    assertEquals(lastInfo(journal, "BTCUSDT", "binance"), info("2"));
    journal.startRun({ time: TIME, content: content("ETHUSDT", info("3")) });
    journal.startRun({ time: TIME, content: content("BTCUSDT", null) });
    assertEquals([lastInfo(journal, "BTCUSDT", "binance"), lastInfo(journal, "ETHUSDT", "binance")], [
      info("2"),
      info("3"),
    ]);
    assertEquals(lastInfo(journal, "XRPUSDT", "binance"), null);
  });
});

Deno.test("rulesOf() gives the options and origins of a run, none of an older Penstock's", () => {
  inFolder((folder) => {
    using journal = openJournal(`${folder}/run.db`);
    journal.startRun({ time: TIME, content: content("BTCUSDT", null) });
    const { options, sources, time } = rulesOf(journal)!;
    assertEquals([options["lot"], sources, time], ["0.5", { lot: "command line" }, NOW]);
    journal.startRun({ time: TIME, content: { version: "1", options: { lot: "2" } } });
    assertEquals(rulesOf(journal), { options: { lot: "2" }, sources: {}, time: NOW });
  });
});

Deno.test("rulesIn() gives what the last run of the symbol went by", () => {
  inFolder((folder) => {
    const path = `${folder}/run.db`;
    const journal = openJournal(path);
    journal.startRun({ time: TIME, content: content("ETHUSDT", null) });
    journal.startRun({ time: TIME, content: content("BTCUSDT", info("4")) });
    journal.close();
    using reader = JournalReader.open(path);
    assertEquals(rulesIn(reader, "XRPUSDT"), null);
    const source = (run: number) => `run ${run} in ${path}, begun ${NOW}`;
    const rules = { lot: "0.5", tick: "0.1", minNotional: "7", maxQuantity: "9" };
    // A limit that is null, or was not known, is none.
    const none = { minQuantity: "0", maxNotional: "0" };
    assertEquals(rulesIn(reader, "BTCUSDT"), { rules: { ...rules, ...none }, source: source(2) });
    assertEquals(rulesIn(reader, "ETHUSDT")?.source, source(1));
  });
});
