/** Files that are fetched because a sweep names their digests. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { fetchInput } from "../../../src/feeds/files/fetched_input.ts";

const TEXT = "time,price\n".repeat(10_000);
const NEVER = new AbortController().signal;
const sha256 = createHash("sha256").update(TEXT).digest("hex");

/** Calls with the address of a server, an empty folder and what was asked for. */
async function scene(
  fn: (
    at: { readonly url: string; readonly folder: string; readonly asked: readonly string[] },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "penstock_fetched_" });
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, origin } = new URL(request.url);
    asked.push(pathname);
    if (pathname.endsWith("missing.csv")) return new Response("no", { status: 404 });
    if (pathname.endsWith("moved.csv")) return Response.redirect(`${origin}/trades/a.csv`);
    if (pathname.endsWith("other.csv")) return new Response(TEXT.replace("time", "tome"));
    if (pathname.endsWith("longer.csv")) return new Response(`${TEXT}more`);
    return new Response(TEXT);
  });
  try {
    await fn({ url: `http://127.0.0.1:${server.addr.port}/trades/`, folder, asked });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fetchInput() keeps a file that has the digest, whatever the sweep calls it, and no other", async () => {
  await scene(async ({ url, folder, asked }) => {
    const fetched = (name: string, more = {}) =>
      fetchInput({ name, sha256, bytes: TEXT.length, ...more }, { url, folder, signal: NEVER });
    const left = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
    for (
      const [name, why] of [
        ["missing.csv", /missing\.csv answers 404$/],
        // It may lead to any host.
        ["moved.csv", /moved\.csv answers 302$/],
        ["other.csv", /has the SHA-256 [0-9a-f]{64}, and the sweep's file [0-9a-f]{64}$/],
        ["longer.csv", /has more than the 110000 bytes of the sweep's file$/],
      ] as const
    ) assertMatch((await fetched(name))!, why);
    assertEquals(await fetched("a.csv", { sha256: "../../a" }), "the sweep has no digest of it");
    assertEquals(left(), []);
    assertEquals(await fetched("../../a b.csv"), null);
    assertEquals([left(), asked.at(-1)], [[sha256], "/trades/..%2F..%2Fa%20b.csv"]);
    assertEquals(await Deno.readTextFile(`${folder}/${sha256}`), TEXT);
    const nobody = { url: "http://127.0.0.1:1/", folder, signal: NEVER };
    assertMatch(
      (await fetchInput({ name: "a.csv", sha256, bytes: 1 }, nobody))!,
      /^http:\/\/127\.0\.0\.1:1\/a\.csv: /,
    );
    const stop = new AbortController();
    stop.abort();
    await assertRejects(
      () => fetchInput({ name: "a.csv", sha256, bytes: 1 }, { url, folder, signal: stop.signal }),
      DOMException,
    );
  });
});
