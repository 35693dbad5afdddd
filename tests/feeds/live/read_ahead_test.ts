/** A feed that is read while its consumer is busy: in order, and each time up to the same limit. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Batch } from "../../../src/feeds/live/feed.ts";
import { type MostKept, ReadAhead } from "../../../src/feeds/live/read_ahead.ts";

const FRAMES = 10;

/** A feed of numbered batches of ten frames that counts the requests. */
class NumberedFeed {
  asked = 0;
  isOver = false;
  #waits: (() => void)[] = [];

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (let number = 0;; number++) {
        this.asked++;
        for (const wake of this.#waits.splice(0)) wake();
        yield { kind: "messages", messages: Array(FRAMES).fill(`${number}`), receivedAt: number };
      }
    } finally {
      this.isOver = true;
    }
  }

  /** Resolves when this many batches have been requested in all. */
  async until(count: number): Promise<void> {
    while (this.asked < count) await new Promise<void>((resolve) => this.#waits.push(resolve));
  }
}

/** A limit of so many batches. */
function most(batches: number): MostKept {
  return { frames: batches * FRAMES, characters: Infinity, disconnections: 3 };
}

/** Waits until everything that is ready has happened. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The numbers of the next `count` batches. */
async function next(batches: AsyncIterator<Batch>, count: number): Promise<number[]> {
  const numbers: number[] = [];
  for (let at = 0; at < count; at++) {
    const { value } = await batches.next();
    numbers.push(value.receivedAt);
  }
  return numbers;
}

Deno.test("ReadAhead.during() reads up to its limit, and up to it again once the kept batches were delivered", async () => {
  const feed = new NumberedFeed();
  const ahead = new ReadAhead(feed, most(3));
  const batches = ahead[Symbol.asyncIterator]();
  for (let time = 0; time < 4; time++) {
    const before = feed.asked;
    const working = Promise.withResolvers<void>();
    const during = ahead.during(working.promise);
    // It hangs here if delivered frames still count.
    await feed.until(before + 3);
    await turn();
    assertEquals(feed.asked, before + 3);
    working.resolve();
    await during;
    assertEquals(await next(batches, 3), [before, before + 1, before + 2]);
  }
  await batches.return(undefined);
  assertEquals(feed.isOver, true);
});

Deno.test("ReadAhead.during() reads on only as far as kept batches have been delivered", async () => {
  const feed = new NumberedFeed();
  const ahead = new ReadAhead(feed, most(3));
  const batches = ahead[Symbol.asyncIterator]();
  await ahead.during(feed.until(3));
  assertEquals(await next(batches, 1), [0]);
  await ahead.during(feed.until(4));
  await ahead.during(turn());
  assertEquals(feed.asked, 4);
  assertEquals(await next(batches, 5), [1, 2, 3, 4, 5]);
  await batches.return(undefined);
});

Deno.test("ReadAhead.during() returns what the work resolves to, and what it throws", async () => {
  const ahead = new ReadAhead(new NumberedFeed(), most(1));
  assertEquals(await ahead.during(Promise.resolve(7)), 7);
  await assertRejects(() => ahead.during(Promise.reject(new RangeError("no"))), RangeError, "no");
});

Deno.test("ReadAhead.during() reads ahead for all of the work that is waited for, one inside the other", async () => {
  const feed = new NumberedFeed();
  const ahead = new ReadAhead(feed, most(4));
  const batches = ahead[Symbol.asyncIterator]();
  await ahead.during((async () => {
    await ahead.during(feed.until(2));
    await feed.until(4);
  })());
  await turn();
  assertEquals([feed.asked, ahead.frames], [4, 4 * FRAMES]);
  assertEquals(await next(batches, 5), [0, 1, 2, 3, 4]);
  await batches.return(undefined);
});

Deno.test("ReadAhead.during() keeps no more characters than its limit, and reports since when", async () => {
  const feed = new NumberedFeed();
  const ahead = new ReadAhead(feed, { ...most(Infinity), characters: 2 * FRAMES });
  const batches = ahead[Symbol.asyncIterator]();
  const from = performance.now();
  const working = Promise.withResolvers<void>();
  const during = ahead.during(working.promise);
  await feed.until(2);
  await turn();
  assertEquals([feed.asked, ahead.fullSince !== null && ahead.fullSince >= from], [2, true]);
  working.resolve();
  await during;
  assertEquals([await next(batches, 1), ahead.fullSince], [[0], null]);
  await batches.return(undefined);
});

/** A feed that connects again and again, and counts the attempts. */
class LostFeed {
  attempts = 0;

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    for (;;) {
      this.attempts++;
      const [endpoint, attempt] = ["ws://127.0.0.1:9", this.attempts];
      yield { kind: "connected", endpoint, attempt };
      yield { kind: "messages", messages: ["one"], receivedAt: attempt };
      yield { kind: "disconnected", cause: "unreachable", reason: "gone", retryInMs: 1, hint: null };
    }
  }
}

Deno.test("ReadAhead.during() connects a lost feed again only so often, however long the consumer is busy", async () => {
  const feed = new LostFeed();
  const ahead = new ReadAhead(feed, most(Infinity));
  const batches = ahead[Symbol.asyncIterator]();
  for (let time = 1; time <= 3; time++) {
    const working = Promise.withResolvers<void>();
    const during = ahead.during(working.promise);
    await turn();
    assertEquals(feed.attempts, 3 * time);
    working.resolve();
    await during;
    const kinds: string[] = [];
    while (kinds.length < 9) kinds.push((await batches.next()).value.kind);
    const each = ["connected", "messages", "disconnected"];
    assertEquals(kinds, [...each, ...each, ...each]);
  }
  await batches.return(undefined);
});

Deno.test("ReadAhead.during() reads nothing ahead for work that is done in time", async () => {
  const feed = new NumberedFeed();
  const ahead = new ReadAhead(feed, most(3));
  await ahead.during(turn(), 60_000);
  assertEquals(feed.asked, 0);
  await ahead.during(feed.until(3), 1);
  assertEquals(feed.asked, 3);
});

Deno.test("ReadAhead ends at once, although a read that it started never ends", async () => {
  const source = {
    async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
      yield { kind: "messages", messages: ["0"], receivedAt: 0 };
      await new Promise(() => {});
    },
  };
  const ahead = new ReadAhead(source);
  for await (const { kind } of ahead) {
    assertEquals(kind, "messages");
    await ahead.during(turn());
    break;
  }
});

Deno.test("ReadAhead.end() ends a feed that was read ahead and never iterated, as when a run cannot start", async () => {
  const source = new NumberedFeed();
  const feed = new ReadAhead(source, most(2));
  await feed.during(source.until(2));
  assertEquals(source.isOver, false);
  await feed.end();
  assertEquals(source.isOver, true);
  await feed.end();
});
