/**
 * Tries what Penstock's own code never does, under the very permissions that are baked into it, as code of a poisoned
 * dependency would. Prints one line of JSON for each attempt.
 */

/** What came of one attempt. */
export interface Probed {
  readonly attempt: string;
  /** The error's message; null where it was let through. */
  readonly denied: string | null;
}

const ATTEMPTS: Readonly<Record<string, () => unknown>> = {
  "connect to another host": () => Deno.connect({ hostname: "example.org", port: 443 }),
  "connect to another port": () => Deno.connect({ hostname: "stream.binance.com", port: 443 }),
  "connect to an IP address": () => Deno.connect({ hostname: "127.0.0.1", port: 9443 }),
  "fetch from another host": () => fetch("https://example.org/"),
  "follow a redirect elsewhere": () => fetch("https://api.binance.com/api/v3/time"),
  "listen": () => Deno.listen({ hostname: "127.0.0.1", port: 8080 }),
  "read /etc/passwd": () => Deno.readTextFileSync("/etc/passwd"),
  "read it on another way": () => Deno.readTextFileSync("/data/../etc/passwd"),
  "read /proc/self/environ": () => Deno.readTextFileSync("/proc/self/environ"),
  "write beside data": () => Deno.writeTextFileSync("/data/../x", ""),
  "link out of data": () => Deno.symlinkSync("/etc/passwd", "/data/passwd"),
  "start a program": () => new Deno.Command("/penstock", { args: ["--version"] }).outputSync(),
  "read the environment": () => Deno.env.get("HOME"),
  "write the environment": () => Deno.env.set("NO_PROXY", ""),
  "ask for the machine's name": () => Deno.hostname(),
  "load a library": () => Deno.dlopen("/lib/x86_64-linux-gnu/libm.so.6", {}),
  "ask for more": async () => {
    const { state } = await Deno.permissions.request({ name: "run" });
    if (state !== "granted") throw new Error(`run: ${state}, without a question`);
  },
};

if (import.meta.main) {
  for (const [attempt, act] of Object.entries(ATTEMPTS)) {
    let denied: string | null = null;
    try {
      await act();
    } catch (error) {
      denied = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    console.log(JSON.stringify({ attempt, denied } satisfies Probed));
  }
  Deno.exit();
}
