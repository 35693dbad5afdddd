import { assert, assertFalse, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import {
  type FrameNote,
  isNote,
  noteText,
  readNote,
  RECORDING_VERSION,
  type RecordingNote,
} from "../../../src/domain/recording/recording_note.ts";
import { assertEquals } from "../../support/equals.ts";

/** Any text, even with line feeds, quotes, and lone surrogates that no encoder takes. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) });
const count = fc.maxSafeNat();

const anyNote: fc.Arbitrary<RecordingNote | FrameNote> = fc.oneof(
  fc.record({
    event: fc.constant("recording" as const),
    version: fc.constant(RECORDING_VERSION),
    symbol: anyText,
  }),
  fc.record({
    event: fc.constant("recording" as const),
    version: fc.constant(RECORDING_VERSION),
    symbol: anyText,
    run: count,
    entry: count,
    hash: anyText,
  }),
  fc.record({ event: fc.constant("kept" as const), entry: count }),
  fc.record({ event: fc.constant("kept" as const), entry: count, hash: anyText }),
  fc.record({ event: fc.constant("connected" as const), endpoint: anyText, attempt: count }),
  fc.record({ event: fc.constant("disconnected" as const), reason: anyText, retryInMs: count }),
  fc.record({ event: fc.constant("notice" as const), message: anyText }),
  fc.record({ event: fc.constant("halt" as const), action: fc.constantFrom("hold", "flatten") }),
  fc.record({
    event: fc.constant("halt" as const),
    action: fc.constantFrom("hold", "flatten"),
    text: anyText,
    requested: count,
  }),
  fc.record({ event: fc.constant("released" as const), text: anyText, requested: count }),
  fc.record({ event: fc.constant("lost" as const), frames: count, from: count, to: count }),
  fc.record({ event: fc.constant("ended" as const) }),
  fc.record({ event: fc.constant("frame" as const), text: anyText }),
);

Deno.test("noteText() writes any note on one line, and readNote() reads the same", () => {
  fc.assert(
    fc.property(anyNote, (note) => {
      const text = noteText(note);
      assertNotMatch(text, /[\r\n]/);
      // A file stores it as UTF-8.
      assert(text.isWellFormed());
      assert(isNote(text));
      assertEquals(readNote(text), { ...note });
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("isNote() decides by the start, whether the rest can be read or not", () => {
  for (
    const text of [
      `{"penstock":{"event":"ended"}}`,
      ` \t{ "penstock" : 1`,
      `{"penstock":`,
      `{\r\n"penstock"\n:{}}`,
    ]
  ) assert(isNote(text), text);
  for (
    const text of [
      "",
      `{"penstock"}`,
      `{"penstocks":1}`,
      `{"p":"penstock"}`,
      `{"e":1,"penstock":{"event":"ended"}}`,
      `{"\\u0070enstock":{"event":"ended"}}`,
      `[{"penstock":{"event":"ended"}}]`,
      `\u00a0{"penstock":{}}`,
      `\ufeff{"penstock":{}}`,
      `"penstock":`,
    ]
  ) assertFalse(isNote(text), text);
});

Deno.test("readNote() passes on the name of an unknown event", () => {
  for (const name of ["backfill", "toString", "__proto__", "malformed", "unknown", ""]) {
    const text = `{"penstock":{"event":${JSON.stringify(name)},"ids":[1]}}`;
    assertEquals(readNote(text), { event: "unknown", name });
  }
});

Deno.test("readNote() leaves out unknown fields", () => {
  const text =
    `{"penstock":{"more":1,"event":"connected","attempt":2,"endpoint":"ws://x","hint":null},"of":2}`;
  assertEquals(readNote(text), { event: "connected", endpoint: "ws://x", attempt: 2 });
});

Deno.test("readNote() says what is wrong with a malformed note: the field, the value found and what was expected", () => {
  const cases: [string, string][] = [
    [`{"penstock":{"event":"ended"`, "the note is not JSON"],
    [`{"penstock":{"event":"ended"}}}`, "the note is not JSON"],
    [`{"penstock":null}`, `"penstock" is null, expected an object`],
    [`{"penstock":"ended"}`, `"penstock" is "ended", expected an object`],
    [`{"penstock":[]}`, `"event" of a note is missing, expected its name`],
    [`{"penstock":{"event":7}}`, `"event" of a note is 7, expected its name`],
    [
      `{"penstock":{"event":"recording","version":2,"symbol":"BTCUSDT"}}`,
      `"version" of the note "recording" is 2, expected 1, which is what this version of Penstock reads`,
    ],
    [
      `{"penstock":{"event":"recording","version":1}}`,
      `"symbol" of the note "recording" is missing, expected text`,
    ],
    [
      `{"penstock":{"event":"released","text":"fine"}}`,
      `"requested" of the note "released" is missing, expected a whole number, 0 or more`,
    ],
    [
      `{"penstock":{"event":"halt","action":"stop"}}`,
      `"action" of the note "halt" is "stop", expected "hold" or "flatten"`,
    ],
    [
      `{"penstock":{"event":"connected","endpoint":"ws://x","attempt":1.5}}`,
      `"attempt" of the note "connected" is 1.5, expected a whole number, 0 or more`,
    ],
    [
      `{"penstock":{"event":"disconnected","reason":"x","retryInMs":-1}}`,
      `"retryInMs" of the note "disconnected" is -1, expected a number, 0 or more`,
    ],
    [
      `{"penstock":{"event":"lost","frames":1,"from":9007199254740992,"to":2}}`,
      `"from" of the note "lost" is 9007199254740992, expected a whole number, 0 or more`,
    ],
    [`{"penstock":{"event":"frame","text":1}}`, `"text" of the note "frame" is 1, expected text`],
    [
      `{"penstock":{"event":"notice","message":["${"x".repeat(100)}"]}}`,
      `"message" of the note "notice" is ["${"x".repeat(38)}…, expected text`,
    ],
  ];
  for (const [text, reason] of cases) assertEquals(readNote(text), { event: "malformed", reason });
});
