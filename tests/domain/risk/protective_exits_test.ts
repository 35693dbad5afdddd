import { assertEquals } from "@std/assert";
import { Money } from "../../../src/domain/numbers/money.ts";
import { ProtectiveExits } from "../../../src/domain/risk/protective_exits.ts";

const m = (amount: string) => new Money(amount);

/** Exits over a position of `quantity` bought at `price`. */
function bought(
  quantity: string,
  price: string,
  stopLoss: string | null,
  takeProfit: string | null = null,
  trailingStop: string | null = null,
): ProtectiveExits {
  const exits = new ProtectiveExits({
    stopLoss: stopLoss === null ? null : m(stopLoss),
    takeProfit: takeProfit === null ? null : m(takeProfit),
    trailingStop: trailingStop === null ? null : m(trailingStop),
  });
  exits.mark(Number(price), 0);
  exits.booked("buy", m(price), m(quantity), m(quantity), true);
  return exits;
}

function causes(exits: ProtectiveExits, prices: readonly number[], decimals = 0): (string | null)[] {
  return prices.map((price) => exits.causeAt(price, decimals));
}

Deno.test("ProtectiveExits sells at the stop-loss and below, and at the take-profit and above", () => {
  const exits = bought("3", "100", "0.02", "0.05");
  assertEquals(causes(exits, [98, 99, 104, 105]), ["stop-loss", null, null, "take-profit"]);
});

Deno.test("ProtectiveExits compares prices with the exact level between two units", () => {
  // 0.00000908 × 0.99 is 0.0000089892, between the prices 898 and 899 of eight decimals.
  const exits = bought("1000", "0.00000908", "0.01", "0.01");
  assertEquals(causes(exits, [898, 899, 917, 918], 8), ["stop-loss", null, null, "take-profit"]);
});

Deno.test("ProtectiveExits uses the average price of all purchases, which a partial sale does not change", () => {
  const exits = bought("1", "100", "0.1");
  exits.booked("buy", m("200"), m("1"), m("2"), true);
  assertEquals(causes(exits, [136, 135]), [null, "stop-loss"]);
  exits.booked("sell", m("150"), m("0.5"), m("1.5"), true);
  assertEquals(causes(exits, [136, 135]), [null, "stop-loss"]);
  exits.booked("sell", m("150"), m("1.5"), m("0"), true);
  assertEquals(causes(exits, [1, 1_000]), [null, null]);
});

Deno.test("ProtectiveExits asks once, until the position changes or the sale expires", () => {
  const exits = bought("2", "100", "0.1");
  exits.ask();
  assertEquals(causes(exits, [90]), [null]);
  exits.askAgain();
  assertEquals(causes(exits, [90]), ["stop-loss"]);
  exits.ask();
  exits.booked("sell", m("90"), m("1"), m("1"), false);
  assertEquals(causes(exits, [90]), [null]);
  exits.booked("buy", m("90"), m("1"), m("2"), true);
  assertEquals(causes(exits, [85]), ["stop-loss"]);
});

Deno.test("ProtectiveExits sells at any price while flattening, if there is a position", () => {
  const exits = bought("2", "100", "0.1");
  exits.flattening = true;
  assertEquals(causes(exits, [1, 100, 9_999]), ["flatten", "flatten", "flatten"]);
  exits.flattening = false;
  assertEquals(causes(exits, [100]), [null]);
  const empty = new ProtectiveExits({ stopLoss: null, takeProfit: null, trailingStop: null });
  empty.flattening = true;
  assertEquals(causes(empty, [1, 9_999]), [null, null]);
});

Deno.test("ProtectiveExits keeps its levels when the unit gets finer, and over a restart", () => {
  const exits = bought("3", "100", "0.02", "0.05");
  assertEquals(causes(exits, [9_801, 9_800, 10_499, 10_500], 2), [null, "stop-loss", null, "take-profit"]);
  const again = new ProtectiveExits({ stopLoss: m("0.02"), takeProfit: m("0.05"), trailingStop: null });
  again.restore(JSON.parse(JSON.stringify(exits.snapshot())), { price: 10_500, decimals: 2 }, m("303"));
  assertEquals(causes(again, [9_801, 9_800, 10_499, 10_500], 2), [null, "stop-loss", null, "take-profit"]);
});

/** What each trade asks for, one after the other. */
function asked(exits: ProtectiveExits, prices: readonly number[], decimals = 0): (string | null)[] {
  return prices.map((price) => {
    exits.mark(price, decimals);
    return exits.causeAt(price, decimals);
  });
}

Deno.test("ProtectiveExits sells at the trailing stop under the highest price since the position was opened", () => {
  const exits = bought("3", "100", null, null, "0.1");
  assertEquals(asked(exits, [91, 110, 100, 99]), [null, null, null, "trailing-stop"]);
  // Another purchase, or a sale of a part, opens no position.
  exits.booked("buy", m("99"), m("1"), m("4"), true);
  assertEquals(asked(exits, [100, 99]), [null, "trailing-stop"]);
  exits.booked("sell", m("99"), m("1"), m("3"), true);
  assertEquals(asked(exits, [100, 99]), [null, "trailing-stop"]);
  exits.booked("sell", m("99"), m("3"), m("0"), true);
  assertEquals(asked(exits, [80, 50]), [null, null]);
  exits.booked("buy", m("50"), m("1"), m("1"), true);
  assertEquals(asked(exits, [46, 45]), [null, "trailing-stop"]);
});

Deno.test("ProtectiveExits follows the highest price while a sale waits and while it flattens", () => {
  const exits = bought("3", "100", null, null, "0.1");
  exits.ask();
  assertEquals(asked(exits, [90, 200, 100]), [null, null, null]);
  exits.askAgain();
  assertEquals(asked(exits, [181, 180]), [null, "trailing-stop"]);
  exits.flattening = true;
  assertEquals(asked(exits, [300, 271]), ["flatten", "flatten"]);
  exits.flattening = false;
  assertEquals(asked(exits, [271, 270]), [null, "trailing-stop"]);
});

Deno.test("ProtectiveExits calls a sale after the stop-loss first, then the trailing stop, then the take-profit", () => {
  const exits = bought("1", "100", "0.1", "0.5", "0.05");
  assertEquals(asked(exits, [95, 90]), ["trailing-stop", "stop-loss"]);
  exits.ask();
  exits.mark(200, 0);
  exits.askAgain();
  assertEquals(asked(exits, [190, 191]), ["trailing-stop", "take-profit"]);
});

Deno.test("ProtectiveExits keeps the highest price exactly when the unit gets finer, and over a restart", () => {
  const exits = bought("1", "9007199", null, null, "0.000000001");
  // 9007199 × 0.999999999 is 9007198.990992801.
  assertEquals(asked(exits, [900719900000000, 900719899099280, 900719899099281], 8), [
    null,
    "trailing-stop",
    null,
  ]);
  assertEquals(exits.snapshot().highest, "9007199");
  const again = new ProtectiveExits({ stopLoss: null, takeProfit: null, trailingStop: m("0.000000001") });
  again.restore(
    JSON.parse(JSON.stringify(exits.snapshot())),
    { price: 900719899099281, decimals: 8 },
    m("0"),
  );
  assertEquals(again.snapshot(), exits.snapshot());
  assertEquals(asked(again, [900719899099281, 900719899099280], 8), [null, "trailing-stop"]);
});

Deno.test("ProtectiveExits.restore() takes no highest price below the last one, and none without a position", () => {
  const parameters = { stopLoss: null, takeProfit: null, trailingStop: m("0.1") };
  const { highest: _own, ...kept } = bought("3", "100", null, null, "0.1").snapshot();
  for (
    const [position, highest, restored] of [["3", "99", "100"], ["3", "150", "150"], ["0", "150", undefined]]
  ) {
    const exits = new ProtectiveExits(parameters);
    exits.restore({ ...kept, position: position!, highest: highest! }, { price: 100, decimals: 0 }, m("0"));
    assertEquals(exits.snapshot().highest, restored);
  }
});
