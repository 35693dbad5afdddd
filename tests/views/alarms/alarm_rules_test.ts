import { assert, assertEquals, assertMatch } from "@std/assert";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import fc from "fast-check";
import { type AlarmChoice, alarmChoiceIn } from "../../../src/domain/alarms/alarm_choice.ts";
import type { FollowedEvent, FollowedMoment } from "../../../src/domain/run/followed_moment.ts";
import type { Alarm } from "../../../src/views/alarms/alarm.ts";
import { AlarmRules } from "../../../src/views/alarms/alarm_rules.ts";
import { firstMemory, memoryIn, type RulesMemory } from "../../../src/views/alarms/rules_memory.ts";
import {
  BUY,
  CONNECTED,
  event,
  HALT,
  LOST,
  moment,
  NOON,
  REFUSAL,
  RELEASED,
  RESUMED,
  SECOND,
  SELL,
  STARTED,
  STOPPED,
  unreadable,
} from "./sample_alarm.ts";

const ORIGIN = "0123456789abcdef".repeat(4);
const ALL = "halt,disconnected>5m,stopped,fill,daily";

function rulesFor(choice: string, memory?: RulesMemory): AlarmRules {
  const start = { ...moment(0), place: { seq: 0, hash: "" } };
  const rules = new AlarmRules({
    choice: alarmChoiceIn(choice) as AlarmChoice,
    journal: "data/penstock.db",
    memory: memory ?? firstMemory(start, ORIGIN, NOON),
  });
  rules.symbol = "BTCUSDT";
  return rules;
}

/** The alarms of events, and of polls of a run between them. */
function alarmsOf(rules: AlarmRules, ...happened: readonly (FollowedEvent | FollowedMoment)[]): Alarm[] {
  return happened.flatMap((one) => {
    if ("event" in one) return rules.event(one);
    const due: Alarm[] = [];
    for (let next = rules.due(one, 0, NOON); next !== null; next = rules.due(one, 0, NOON)) due.push(next);
    return due;
  });
}

/** Kind and key of each, without the journal's part. */
function shown(alarms: readonly Alarm[]): string[] {
  return alarms.map(({ key }) => key.replace("0123456789ab-", ""));
}

Deno.test("AlarmRules sends halts, releases, fills and stops, each by its own entry", () => {
  const rules = rulesFor(ALL);
  const alarms = alarmsOf(
    rules,
    event(1, 0, STARTED),
    event(2, 1, CONNECTED),
    event(3, 2, BUY),
    event(5, 3, SELL),
    event(6, 4, HALT),
    event(8, 5, RELEASED),
    event(9, 6, STOPPED),
  );
  assertEquals(shown(alarms), ["1-3-fill", "1-5-fill", "1-6-halt", "1-8-released", "1-9-stopped"]);
  assertEquals(alarms[1]?.title, "BTCUSDT: sell @ 60,003.85");
  assertMatch(alarms[1]!.text, /^run 1 in data\/penstock\.db filled a sell of 0\.01666 @ .*result \+12\.30/);
  assertMatch(
    alarms[2]!.text,
    /max-drawdown 0\.21 reached the limit 0\.2.*"penstock release data\/penstock\.db/,
  );
  assertMatch(alarms[3]!.text, /the halt of run 1 in .* ended at .* \(checked\)/);
  assertMatch(alarms[4]!.text, /was stopped at 2026-12-01T10:00:06\.000000Z \(on request\)/);
  assertEquals(alarms.map(({ event }) => event?.type), ["fill", "fill", "halt", "released", "stopped"]);
});

Deno.test("AlarmRules sends only what was chosen", () => {
  const events = [
    event(1, 0, STARTED),
    event(2, 1, BUY),
    event(3, 2, HALT),
    event(4, 3, LOST),
    event(5, 900, CONNECTED),
    event(6, 901, STOPPED),
    event(7, 86_400, RESUMED),
  ];
  const chosen = (choice: string) => alarmsOf(rulesFor(choice), ...events).map(({ kind }) => kind);
  assertEquals(chosen("halt"), ["halt"]);
  assertEquals(chosen("fill"), ["fill"]);
  assertEquals(chosen("disconnected"), ["disconnected", "connected"]);
  assertEquals(chosen("disconnected>20m"), []);
  assertEquals(chosen("stopped"), ["stopped", "resumed"]);
  assertEquals(chosen("daily"), ["daily"]);
});

Deno.test("AlarmRules reports a lasting disconnection by the entry with which it started, and its end", () => {
  const down = (seconds: number) =>
    moment(seconds, { connection: { event: { ...LOST, time: "" } as never, since: NOON + 3 * SECOND } });
  const before = [event(1, 0, STARTED), event(2, 1, CONNECTED), event(3, 3, LOST), event(4, 5, LOST)];
  const live = alarmsOf(
    rulesFor(ALL),
    ...before,
    down(302),
    down(303),
    down(500),
    event(9, 600, CONNECTED),
    moment(601),
  );
  assertEquals(shown(live), ["1-3-disconnected", "1-9-connected"]);
  assertMatch(live[0]!.text, /disconnected since 2026-12-01T10:00:03\.000000Z, for 5 m 0 s \(closed\)/);
  assertMatch(live[1]!.text, /connected again since .*, after 9 m 57 s/);
  // A later reader of the journal finds the same.
  const later = alarmsOf(rulesFor(ALL), ...before, event(9, 600, CONNECTED));
  assertEquals(shown(later), shown(live));
  // Each failed attempt has an entry.
  assertEquals(shown(alarmsOf(rulesFor(ALL), ...before, event(5, 400, LOST))), ["1-3-disconnected"]);
  assertEquals(alarmsOf(rulesFor(ALL), ...before, event(5, 100, CONNECTED), moment(900)), []);
});

Deno.test("AlarmRules reports a dead run, a hang that ends, a crash that was too short to notice, and a start after a stop", () => {
  const silent = moment(100, { lastAlive: NOON + 2 * SECOND });
  const start = [event(1, 0, STARTED), event(2, 1, CONNECTED)];
  const died = alarmsOf(rulesFor(ALL), ...start, silent, silent, event(3, 200, RESUMED), moment(201));
  assertEquals(died.map(({ kind }) => kind), ["dead", "resumed"]);
  assertMatch(died[0]!.text, /no heartbeat since 2026-12-01T10:00:02\.000000Z/);
  assertMatch(died[1]!.text, /has been running again since .*, after 3 m 18 s/);
  const hung = alarmsOf(rulesFor(ALL), ...start, silent, moment(300), moment(301));
  assertEquals(hung.map(({ kind }) => kind), ["dead", "resumed"]);
  const crashed = alarmsOf(rulesFor(ALL), ...start, event(3, 10, RESUMED));
  assertMatch(crashed[0]!.text, /its previous process had ended without a stop/);
  const stopped = alarmsOf(rulesFor(ALL), ...start, event(3, 10, STOPPED), event(4, 70, STARTED, 2));
  assertEquals(shown(stopped), ["1-3-stopped", "2-4-resumed"]);
  assertEquals(alarmsOf(rulesFor(ALL), ...start, event(3, 10, STARTED, 2)), []);
});

Deno.test("AlarmRules reports a journal that cannot be read for half a minute, and that it can be read again", () => {
  const rules = rulesFor(ALL);
  alarmsOf(rules, event(1, 0, STARTED));
  const lost = unreadable("there is no journal");
  assertEquals(rules.due(lost, 1_000, NOON), null);
  assertEquals(rules.due(lost, 30_999, NOON), null);
  const alarm = rules.due(lost, 31_000, NOON);
  assertEquals([alarm?.kind, alarm?.time, alarm?.text], [
    "unreadable",
    isoTime(NOON),
    "the state of run 1 in data/penstock.db is unknown: there is no journal",
  ]);
  assertEquals(rules.due(lost, 90_000, NOON), null);
  assertEquals(shown(alarmsOf(rules, moment(1))), ["1-1-readable-1"]);
  const database = rulesFor(ALL);
  const away = unreadable("Cannot read postgres://me:hunter2@db/x: it is away");
  assertEquals([database.due(away, 0, NOON), database.due(away, 30_000, NOON)?.text], [
    null,
    "the state of data/penstock.db is unknown: Cannot read postgres://db/x: it is away",
  ]);
  assertEquals([rules.due(lost, 100_000, NOON), rules.due(lost, 140_000, NOON)?.key], [
    null,
    "0123456789ab-1-1-unreadable-2",
  ]);
  assertEquals(shown(alarmsOf(rules, moment(1))), ["1-1-readable-2"]);
  // A poll that succeeds starts the half minute again.
  assertEquals(rules.due(lost, 200_000, NOON), null);
  assertEquals(rules.due(moment(2), 220_000, NOON), null);
  assertEquals(rules.due(lost, 240_000, NOON), null);
});

Deno.test("AlarmRules sums up a day at midnight UTC, with equity if it polled then", () => {
  const midnight = 14 * 3_600;
  const rules = rulesFor("daily");
  const before = [
    event(1, 0, STARTED),
    event(2, 1, BUY),
    event(3, 2, SELL),
    event(4, 3, REFUSAL),
    event(5, 4, HALT),
  ];
  alarmsOf(rules, ...before, moment(midnight - 1));
  const account = { cash: "10012.3", fees: "2", realized: "12.3" };
  const [day, ...more] = alarmsOf(rules, moment(midnight, { account }), moment(midnight + 1, { account }));
  assertEquals(more, []);
  assertEquals(day?.key, "0123456789ab-1-2026-12-01-daily");
  assertEquals(
    day?.text,
    "run 1 in data/penstock.db, 2026-12-01 (UTC): 2 fills (1 buy, 1 sell), realized +12.30, fees 2.00, 1 refusal, " +
      "1 halt, equity 10,012.30, position 0, connected",
  );
  const next = { cash: "11013.53", fees: "2", realized: "12.3" };
  const [second] = alarmsOf(rules, moment(midnight + 86_400, { account: next }));
  assertMatch(second!.text, /2026-12-02 \(UTC\): 0 fills .* equity 11,013\.53 \(\+10\.00 %\)/);
  // A process that was not there then knows what the journal says.
  const late = alarmsOf(rulesFor("daily"), ...before, event(6, midnight + 5_000, BUY));
  assertEquals(shown(late), ["1-2026-12-01-daily"]);
  assertMatch(late[0]!.text, /2 fills .*1 halt$/);
  const stopped = { stopped: { time: NOON, reason: "x" } };
  assertEquals(alarmsOf(rulesFor("daily"), moment(midnight, stopped)), []);
});

Deno.test("firstMemory() causes alarms for what lasts, and none for the past", () => {
  const end = { place: { seq: 90, hash: "ab".repeat(32) } };
  const first = (look: FollowedMoment) => alarmsOf(rulesFor(ALL, firstMemory(look, ORIGIN, NOON)), look);
  assertEquals(first(moment(0, {}, end)), []);
  assertEquals(shown(first(moment(0, { halt: { ...HALT, time: "2026-12-01T09:00:00Z" } as never }, end))), [
    "1-90-halt",
  ]);
  assertEquals(first(moment(60, { lastAlive: NOON }, end)).map(({ kind }) => kind), ["dead"]);
  assertEquals(first(moment(0, { stopped: { time: NOON, reason: "x" } }, end)), []);
  const lost = { connection: { event: { ...LOST, time: "" } as never, since: NOON - 400 * SECOND } };
  assertEquals(shown(first(moment(0, lost, end))), ["1-90-disconnected"]);
});

const CONTENT = fc.constantFrom(
  STARTED,
  RESUMED,
  STOPPED,
  CONNECTED,
  LOST,
  LOST,
  HALT,
  RELEASED,
  BUY,
  SELL,
  REFUSAL,
);
const EVENTS = fc.array(fc.tuple(CONTENT, fc.nat(40_000), fc.nat(2)), { maxLength: 25 }).map((steps) => {
  let [seq, seconds] = [0, 0];
  return steps.map(([content, later, skipped]) => event(seq += 1 + skipped, seconds += later, content));
});

Deno.test("AlarmRules gives the same alarms after a restart at any entry, each with its own key", () => {
  fc.assert(
    fc.property(EVENTS, fc.array(fc.nat(25), { maxLength: 3 }), (events, restarts) => {
      const whole = alarmsOf(rulesFor(ALL), ...events);
      let rules = rulesFor(ALL);
      const pieces = events.flatMap((one, at) => {
        if (restarts.includes(at)) {
          const memory = memoryIn(JSON.parse(JSON.stringify(rules.memory)));
          assert(memory !== null);
          assertEquals(memory, rules.memory);
          rules = rulesFor(ALL, memory);
        }
        return rules.event(one);
      });
      assertEquals(pieces, whole);
      assertEquals(new Set(whole.map(({ key }) => key)).size, whole.length);
      for (const { key, text, title } of whole) {
        assertMatch(key, /^[A-Za-z0-9-]{1,64}$/);
        assert(text !== "" && text.length <= 900 && title.length <= 120);
      }
    }),
    { numRuns: 150 },
  );
});

/** Rules that start from what was saved before `alarm` was sent, as after a crash. */
function crashedBefore(rules: AlarmRules, alarm: Alarm): AlarmRules {
  return rulesFor(ALL, memoryIn(JSON.parse(JSON.stringify(rules.unsent(alarm))))!);
}

Deno.test("AlarmRules repeats the alarm of a dead run after a crash under its key, and reports that the run is alive if it is by then", () => {
  const rules = rulesFor(ALL);
  alarmsOf(rules, event(1, 0, STARTED), event(2, 1, CONNECTED));
  const silent = moment(200, { lastAlive: NOON + 2 * SECOND });
  const [dead] = alarmsOf(rules, silent);
  assertEquals(alarmsOf(crashedBefore(rules, dead!), silent).map(({ key }) => key), [dead!.key]);
  assertEquals(alarmsOf(crashedBefore(rules, dead!), moment(300)).map(({ kind }) => kind), ["resumed"]);
  const later = moment(500, { lastAlive: NOON + 300 * SECOND });
  const [another, ...more] = alarmsOf(crashedBefore(rules, dead!), later, later);
  assertEquals([another?.kind, more], ["dead", []]);
  assert(another!.key !== dead!.key);
  // Once it was saved that the service has it, nothing is repeated.
  assertEquals(alarmsOf(rulesFor(ALL, rules.memory), silent), []);
});

Deno.test("AlarmRules gives each outage of a journal exactly one key, different from all others, even after a crash", () => {
  const rules = rulesFor(ALL);
  alarmsOf(rules, event(1, 0, STARTED));
  const lost = unreadable("there is no journal");
  const outage = (of: AlarmRules): Alarm | null => of.due(lost, 0, NOON) ?? of.due(lost, 30_000, NOON);
  const first = outage(rules)!;
  const still = crashedBefore(rules, first);
  assertEquals(outage(still)?.key, first.key);
  assertEquals(outage(still), null);
  const over = crashedBefore(rules, first);
  assertEquals(shown(alarmsOf(over, moment(1))), ["1-1-readable-1"]);
  assertEquals(shown([outage(over)!]), ["1-1-unreadable-2"]);
});

Deno.test("AlarmRules shows whatever a journal holds as printable text of bounded length", () => {
  const hostile = "\x1b[2J\u202e<script>@everyone\0\n\ud83d🛑".repeat(200);
  const rules = rulesFor("halt,disconnected,stopped,fill");
  rules.symbol = hostile;
  const alarms = alarmsOf(
    rules,
    event(1, 0, STARTED),
    event(2, 1, { ...HALT, reason: hostile, value: hostile, text: hostile }),
    event(3, 1, { ...RELEASED, reason: hostile, text: hostile }),
    event(4, 2, { ...LOST, reason: hostile }),
    event(5, 3, { ...STOPPED, reason: hostile }),
  );
  assertEquals(alarms.length, 4);
  for (const { title, text } of alarms) {
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f\x7f\u202e]/.test(title + text) && text.length <= 900 && title.length <= 120);
    assert(title.isWellFormed() && text.isWellFormed());
  }
});

Deno.test("memoryIn() reads what was written, and nothing else", () => {
  const written = JSON.parse(JSON.stringify(rulesFor(ALL).memory)) as Record<string, unknown>;
  assert(memoryIn(written) !== null);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(undefined, -1, 1e300, 9e15, "9".repeat(500), "2026-13-01", ORIGIN),
  );
  const names = fc.constantFrom(...Object.keys(written), "");
  fc.assert(fc.property(names, names, odd, (name, inner, value) => {
    const changed: Record<string, unknown> = { ...written, [name]: value };
    if (name === "day" || name === "down") changed[name] = { ...(written["day"] as object), [inner]: value };
    const memory = memoryIn(changed);
    if (memory === null) return;
    // What was read can be worked with.
    alarmsOf(
      rulesFor(ALL, memory),
      event(3, 1, BUY),
      moment(90_000, { lastAlive: NOON }),
      event(4, 90_001, CONNECTED),
    );
  }));
  for (const value of [null, 1, "x", [], {}]) assertEquals(memoryIn(value), null);
});
