import { assertEquals, assertMatch } from "@std/assert";
import { shownValue } from "../../../src/config/configuration.ts";
import { type OptionName, OPTIONS } from "../../../src/config/options.ts";
import { optionsText, optionText, rankWords } from "../../../src/views/tables/option_words.ts";
import { RANKS } from "../../../src/domain/run/sweep_rank.ts";

const GROUPS: readonly string[] = ["trading", "risk", "orders", "instrument"];

Deno.test("optionText() writes each share in percent and each duration with its unit, so that the option reads it again", () => {
  const seen: string[] = [];
  for (const [name, { group, value, read }] of Object.entries(OPTIONS)) {
    if (!GROUPS.includes(group) || value === null || !/^(SHARE|RATE|DURATION)$/.test(value)) continue;
    const given = value === "DURATION" ? "90s" : "1.5%";
    const shown = shownValue(read(given));
    assertEquals(optionText(name, shown), given);
    assertEquals(optionText(name, String(shown)), given);
    assertEquals(shownValue(OPTIONS[name as OptionName].read(optionText(name, shown))), shown);
    seen.push(name);
  }
  assertEquals(seen.includes("stopLoss") && seen.includes("fee") && seen.includes("maxLag"), true);
});

Deno.test("optionsText() writes options as the command line does, and leaves values with a unit as they are", () => {
  assertEquals(
    optionsText({ short: 5, stopLoss: "0.01", stake: "50%", bars: "15m", latency: 250, trailingStop: null }),
    "short 5, stop-loss 1%, stake 50%, bars 15m, latency 250ms, trailing-stop –",
  );
  assertEquals(optionText("stopLoss", "1%"), "1%");
});

Deno.test("rankWords() gives each figure in words", () => {
  for (const rank of RANKS) assertMatch(rankWords(rank), /^(Sharpe|Sortino|[a-z]+)( [a-z]+)?$/);
  assertEquals(rankWords("net-profit"), "net profit");
});
