import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { FollowedEvent, FollowedMoment } from "../../../src/domain/run/followed_moment.ts";
import { METRICS, RunMetrics } from "../../../src/views/metrics/run_metrics.ts";
import { event, moment, status, statusAt } from "../page/followed_moments.ts";

const NOTHING = { fills: { buy: 0, sell: 0 }, refusals: new Map<string, number>() };

function fill(seq: number, side: "buy" | "sell"): FollowedEvent {
  return event(seq, { type: "fill", side } as Partial<FollowedEvent["event"]>);
}

function refusal(seq: number, reason: string): FollowedEvent {
  return event(seq, { type: "refusal", reason } as Partial<FollowedEvent["event"]>);
}

function take(metrics: RunMetrics, found: FollowedMoment): void {
  metrics.take(0, found, metrics.needsTotals(0, found) ? NOTHING : null);
}

/** The samples of a metric: what is in braces, and the value. */
function samples(metrics: RunMetrics, name: string): string[] {
  return metrics.text().split("\n").filter((line) => line.startsWith(name) && !line.startsWith("#"))
    .map((line) => line.slice(name.length).replace(`journal="a.db",symbol="BTCUSDT"`, "…"));
}

Deno.test("RunMetrics gives every metric with its help and its type, and values for each journal", () => {
  const metrics = new RunMetrics("1.2.3", ["a.db"]);
  take(
    metrics,
    moment(1, {
      status: status({
        trades: 7,
        gaps: 2,
        equity: "1000.50",
        halted: true,
        priceTime: "2025-01-01T00:00:00.250000Z",
      }),
      figures: {
        averages: {},
        drawdown: "0.05",
        drawdownLimit: null,
        heartbeat: { time: 1, trades: 1, lagMs: 30 },
      },
    }),
  );
  metrics.take(0, moment(2, { status: status(), events: [refusal(2, "cooldown"), fill(3, "buy")] }), null);
  const text = metrics.text();
  const lines = text.split("\n");
  for (const [name, [type, help]] of Object.entries(METRICS)) {
    const at = lines.indexOf(`# HELP ${name} ${help}`);
    assertEquals(lines[at + 1], `# TYPE ${name} ${type}`, name);
    assertMatch(lines[at + 2]!, new RegExp(`^${name}(_bucket)?\\{`));
  }
  // Prometheus' own conventions.
  for (const [name, [type]] of Object.entries(METRICS)) {
    assertEquals(name.endsWith("_total"), (type as string) === "counter", name);
    assertMatch(name, /^penstock_[a-z]+(_[a-z]+)*$/);
  }
  assertEquals(text.endsWith("\n"), true);
  assertStringIncludes(text, 'penstock_build_info{version="1.2.3"} 1\n');
});

Deno.test("RunMetrics shows amounts as they are, times in seconds, and a halt as 1", () => {
  const metrics = new RunMetrics("1.2.3", ["a.db"]);
  const now = status({
    trades: 7,
    gaps: 2,
    equity: "1000.50",
    halted: true,
    priceTime: "2025-01-01T00:00:00.250000Z",
  });
  take(metrics, moment(1, { status: now }));
  const found = [
    "trades_total",
    "gaps_total",
    "equity",
    "drawdown_ratio",
    "halted",
    "last_trade_timestamp_seconds",
  ]
    .map((name) => samples(metrics, `penstock_${name}`));
  assertEquals(found, [["{…} 7"], ["{…} 2"], ["{…} 1000.50"], ["{…} 0.1"], ["{…} 1"], ["{…} 1735689600.25"]]);
});

Deno.test("RunMetrics counts fills and refusals from the totals on, and again from those of a new run", () => {
  const metrics = new RunMetrics("1.2.3", ["a.db"]);
  const first = moment(5, { events: [fill(5, "buy")] });
  assertEquals(metrics.needsTotals(0, first), true);
  // The totals are those up to the moment, with its own events.
  metrics.take(0, first, { fills: { buy: 3, sell: 2 }, refusals: new Map([["cooldown", 4]]) });
  metrics.take(
    0,
    moment(9, { events: [fill(6, "sell"), refusal(7, "cooldown"), refusal(8, "halted")] }),
    null,
  );
  assertEquals(samples(metrics, "penstock_fills_total"), ['{…,side="buy"} 3', '{…,side="sell"} 3']);
  assertEquals(samples(metrics, "penstock_refusals_total"), [
    '{…,reason="cooldown"} 5',
    '{…,reason="halted"} 1',
  ]);
  const next = moment(10, { status: status({ run: 2 }) });
  assertEquals(metrics.needsTotals(0, next), true);
  take(metrics, next);
  assertEquals(samples(metrics, "penstock_fills_total"), ['{…,side="buy"} 0', '{…,side="sell"} 0']);
  assertEquals(samples(metrics, "penstock_refusals_total"), []);
  assertEquals(metrics.needsTotals(0, moment(11, { status: status({ run: 2 }), isReplaced: true })), true);
});

Deno.test("RunMetrics makes no series of each text that a journal calls a reason", () => {
  const metrics = new RunMetrics("1.2.3", ["a.db"]);
  take(metrics, moment(1));
  const events = Array.from({ length: 1_000 }, (_, at) => refusal(at + 2, `reason ${at}\n"\\`));
  metrics.take(0, moment(1_001, { events }), null);
  const found = samples(metrics, "penstock_refusals_total");
  assertEquals(found.length, 51);
  assertEquals(found[0], '{…,reason="reason 0\\\\u{a}\\"\\\\"} 1');
  assertEquals(found.at(-1), '{…,reason="other"} 950');
});

Deno.test("RunMetrics observes the lag once for each heartbeat after which a trade arrived, and never below zero", () => {
  const metrics = new RunMetrics("1.2.3", ["a.db"]);
  const beat = (time: number, trades: number, lagMs: number | null) =>
    take(
      metrics,
      moment(1, {
        figures: { averages: {}, drawdown: null, drawdownLimit: null, heartbeat: { time, trades, lagMs } },
      }),
    );
  beat(1, 0, null);
  beat(2, 1, 30);
  beat(2, 1, 30);
  beat(3, 1, 30);
  beat(4, 2, -5);
  beat(5, 3, 700);
  beat(6, 4, 99_000);
  const found = samples(metrics, "penstock_trade_lag_seconds");
  assertEquals(found.map((line) => line.replace(/_bucket\{…,le="(.*)"\}/, "$1")), [
    ...[
      "0.005 1",
      "0.01 1",
      "0.025 1",
      "0.05 2",
      "0.1 2",
      "0.25 2",
      "0.5 2",
      "1 3",
      "2.5 3",
      "5 3",
      "10 3",
      "30 3",
    ],
    ...["+Inf 4", "_sum{…} 99.73", "_count{…} 4"],
  ]);
});

Deno.test("RunMetrics leaves out a journal that cannot be read", () => {
  const metrics = new RunMetrics("1.2.3", ["a.db", "b.db"]);
  take(metrics, moment(1));
  metrics.take(0, moment(1, { status: null, figures: null, problem: "gone" }), null);
  assertEquals(
    metrics.text(),
    [
      "# HELP penstock_build_info The version of penstock watch; always 1.",
      "# TYPE penstock_build_info gauge",
      'penstock_build_info{version="1.2.3"} 1\n',
    ].join("\n"),
  );
  metrics.take(0, moment(1, { status: statusAt(9) }), null);
  assertEquals(samples(metrics, "penstock_trades_total"), ["{…} 9"]);
});
