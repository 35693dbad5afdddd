/**
 * Which names the built-in exchange answers to. A web page can make a browser send requests to any address.
 * If the page's own host name points to loopback, it can read the answers too (DNS rebinding); but then the
 * browser sends that name in `Host` and `Origin`.
 */
import { hostnameIn, LOOPBACK_NAMES, Refused } from "../domain/process/http_head.ts";
import type { HttpRequest } from "./http_request.ts";

/** As browsers send it: a scheme, a host and perhaps a port. */
const ORIGIN = /^https?:\/\/[^\s/?#@,]+$/i;

/**
 * Throws a Refused, status 403, for a request whose `Host`, or whose `Origin` if it has one, names neither loopback nor
 * one of `names`. Also throws it for a request without an `Origin` that comes from another site according to the
 * browser, such as a request for an image. Ports do not matter.
 */
export function assertLocal({ headers }: HttpRequest, names: readonly string[]): void {
  const host = headers.get("host")!;
  const allowed = [...LOOPBACK_NAMES, ...names];
  if (!allowed.includes(hostnameIn(`http://${host}`) ?? "")) refuse("Host", host);
  const origin = headers.get("origin");
  if (origin !== undefined && !(ORIGIN.test(origin) && allowed.includes(hostnameIn(origin) ?? ""))) {
    refuse("Origin", origin);
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  if (origin === undefined && site !== "none" && site !== "same-origin") refuse("Sec-Fetch-Site", site);
}

function refuse(header: string, value: string): never {
  throw new Refused(
    403,
    `${header} is ${value}: this exchange answers to ${
      LOOPBACK_NAMES.join(", ")
    } and to the names that --host gives`,
  );
}
