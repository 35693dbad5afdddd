/**
 * Which names the built-in exchange answers to. A web page can make a browser send requests to any address.
 * If the page's own host name points to loopback, it can read the answers too (DNS rebinding); but then the
 * browser sends that name in `Host` and `Origin`.
 */
import { HttpError, type HttpRequest } from "./http_request.ts";

/** The names of this machine's loopback address. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
/** As browsers send it: a scheme, a host and perhaps a port. */
const ORIGIN = /^https?:\/\/[^\s/?#@,]+$/i;

/**
 * Throws an HttpError, status 403, for a request whose `Host`, or whose `Origin` if it has one, names neither
 * loopback nor one of `names`. Likewise for a request without an `Origin` that comes from another site according to the
 * browser, such as one for an image. Ports do not matter.
 */
export function assertLocal({ headers }: HttpRequest, names: readonly string[]): void {
  const host = headers.get("host")!;
  const allowed = [...LOOPBACK, ...names];
  if (!allowed.includes(hostnameOf(`http://${host}`) ?? "")) refuse("Host", host);
  const origin = headers.get("origin");
  if (origin !== undefined && !(ORIGIN.test(origin) && allowed.includes(hostnameOf(origin) ?? ""))) {
    refuse("Origin", origin);
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  if (origin === undefined && site !== "none" && site !== "same-origin") refuse("Sec-Fetch-Site", site);
}

/** The host name in lower case, without a port; null if there is none, as in the origin `null`. */
function hostnameOf(url: string): string | null {
  return URL.parse(url)?.hostname ?? null;
}

function refuse(header: string, value: string): never {
  throw new HttpError(
    403,
    `${header} is ${value}: this exchange answers to loopback names and to those that --host names`,
  );
}
