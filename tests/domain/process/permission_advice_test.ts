import { assertEquals } from "@std/assert";
import { asSentence, grantAdvice, missingIn } from "../../../src/domain/process/permission_advice.ts";

const SOURCES = "run Penstock from its sources with Deno";
const WHERE = "before main.ts, or in deno.json";

Deno.test("grantAdvice() names the flags of everything that is missing, and where they go", () => {
  const advice = (missing: Parameters<typeof grantAdvice>[0]) => grantAdvice(missing, false);
  assertEquals(advice({ net: "h:443" }), `allow it with --allow-net=h:443 ${WHERE}`);
  assertEquals(advice({ read: "a", write: "b" }), `allow it with --allow-read=a --allow-write=b ${WHERE}`);
  for (const device of ["/dev/stdout", "/proc/self/fd/3", "/sys/x"]) {
    assertEquals(
      advice({ write: device }),
      `Deno gives devices only to a program that may do everything: allow it with --allow-all ${WHERE}`,
    );
  }
});

Deno.test("grantAdvice() names no flag to the user of a compiled program", () => {
  const advice = (missing: Parameters<typeof grantAdvice>[0]) => grantAdvice(missing, true);
  const files = `this program was built to use only ./data: put the file there, or ${SOURCES}`;
  assertEquals([advice({ read: "/a" }), advice({ read: "/a", write: "/a" })], [files, files]);
  for (const host of ["127.0.0.1", "127.0.0.1:9001", "localhost:1", "[::1]:1"]) {
    assertEquals(
      advice({ net: host }),
      `this program was built to reach only its exchange, not this machine: ${SOURCES}`,
    );
  }
  assertEquals(
    advice({ net: "localhost.example:443" }),
    `this program was built for other hosts: build one for them with "deno task compile --exchange NAME", or ${SOURCES}`,
  );
});

Deno.test("missingIn() reads Deno's messages under deno run and in a compiled program", () => {
  const again = "run again with the --allow-net flag";
  const built = "specify the required permissions during compilation using `deno compile --allow-read`";
  assertEquals(missingIn(`Requires net access to "127.0.0.1:0", ${again}`), { net: "127.0.0.1:0" });
  assertEquals(missingIn(`Requires read access to "/etc/hosts", ${built}`), { read: "/etc/hosts" });
  assertEquals(missingIn(`Requires write access to "x.db", ${built}`), { write: "x.db" });
  assertEquals(missingIn(`Requires all access to "/dev/fd/3", run again with the --allow-all flag`), {
    read: "/dev/fd/3",
  });
  for (const other of [`Requires run access to "ls", ${again}`, "Requires net access", ""]) {
    assertEquals(missingIn(other), null);
  }
});

Deno.test("asSentence() starts a clause with a capital", () => {
  assertEquals(asSentence("allow it"), "Allow it");
});
