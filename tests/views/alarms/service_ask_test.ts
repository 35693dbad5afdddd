import { assert, assertEquals } from "@std/assert";
import { ask } from "../../../src/views/alarms/service_ask.ts";
import { FakeService } from "../../support/fake_service.ts";

const FOREVER = new AbortController().signal;

function get(url: string) {
  return ask({ method: "GET", url, headers: {}, body: null }, FOREVER, 60_000);
}

Deno.test("ask() returns status and JSON of an answer, and no body that is not JSON, is cut off or is too long", async () => {
  const bodies = ['{"a":1}', "", "[", "<html>", `"${"x".repeat(70_000)}"`];
  await using service = new FakeService((_, at) => ({ status: 201, body: bodies[at]! }));
  const found: unknown[] = [];
  for (const _ of bodies) {
    const answer = await get(`http://${service.host}/x`);
    assert("status" in answer);
    assertEquals(answer.status, 201);
    found.push(answer.json);
  }
  assertEquals(found, [{ a: 1 }, undefined, undefined, undefined, undefined]);
});

Deno.test("ask() explains a missing answer in plain words, without the address", async () => {
  const gone = new FakeService(() => ({ status: 200 }));
  await gone[Symbol.asyncDispose]();
  const secret = "AAHdqTcvCH1";
  assertEquals(await get(`http://${gone.host}/bot${secret}`), {
    why: "nothing answers there",
    isDenied: false,
  });
  const denied = await get(`https://example.com/bot${secret}`);
  assert("why" in denied && denied.isDenied);
  assertEquals(
    denied.why,
    'no permission to reach it: build a program that may with "deno task compile --notify-host example.com:443", ' +
      'or add it to the hosts of "alarms" in deno.json and use "deno task alarms"',
  );
  const stopped = AbortSignal.abort();
  const request = { method: "GET", url: `http://${gone.host}/`, headers: {}, body: null } as const;
  assertEquals(await ask(request, stopped), { why: "stopped", isDenied: false });
});

Deno.test("ask() sends nothing to a server whose certificate no authority has signed", async () => {
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: CERTIFICATE, key: KEY });
  const received = (async () => {
    using conn = await listener.accept();
    try {
      return await conn.read(new Uint8Array(64));
    } catch {
      // The client has ended the handshake.
      return null;
    }
  })();
  const answer = await get(`https://localhost:${listener.addr.port}/bot`);
  assertEquals(answer, { why: "TLS with it failed", isDenied: false });
  assertEquals(await received, null);
});

/** For localhost, made for this test, signed by nobody. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUUHk3eBX9c7RhnqyHrlDzT8J8NQ8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTIwMTAxMTY1NVoYDzIxMjYxMTA3
MDExNjU1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARdsSwzqULmBHG+89D4yM0FcUK22aNt1KbFRFpdMg/rgnOSztnF2HKo
0rib0FnAoITsi2ahqQTO9bTJ7Uy1Ebf1o28wbTAdBgNVHQ4EFgQUfPNGMBoTBRyb
Ey1yzzZTLgykD7YwHwYDVR0jBBgwFoAUfPNGMBoTBRybEy1yzzZTLgykD7YwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgOox6bsRn/m7DUmcAzZomidPuJoS/LYEVAb6M1IDMURACIBC6
hI4GqnwognrFi9oDtq6XlQ3q3sBdzOMFe/jQZHfl
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgY4xrGZ+ZSGurVn6g
Y9Sim8mT/8xfKevk2Pfi0mQ6diehRANCAARdsSwzqULmBHG+89D4yM0FcUK22aNt
1KbFRFpdMg/rgnOSztnF2HKo0rib0FnAoITsi2ahqQTO9bTJ7Uy1Ebf1
-----END PRIVATE KEY-----
`;
