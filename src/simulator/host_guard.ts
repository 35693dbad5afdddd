/**
 * Which names the built-in exchange answers to. A web page can make its reader's browser ask any address, and a
 * name of its own that points to loopback makes the answer its own too (DNS rebinding): the browser then sends the
 * page's names in `Host` and `Origin`.
 */
import { HttpError, type HttpRequest } from "./http_request.ts";

/** The names of this machine's loopback address. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
/** As browsers send it: a scheme, a host and perhaps a port. */
const ORIGIN = /^https?:\/\/[^\s/?#@,]+$/i;

/**
 * Throws an HttpError, status 403, for a request whose `Host`, or whose `Origin` if it has one, names neither
 * loopback nor one of `names`, and for one without an `Origin` that a browser says comes from another site, as those
 * for an image do. Ports do not matter.
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

/** In lower case, without its port; null for what is no address, such as the origin `null`. */
function hostnameOf(url: string): string | null {
  return URL.parse(url)?.hostname ?? null;
}

function refuse(header: string, value: string): never {
  throw new HttpError(
    403,
    `${header} is ${value}: this exchange answers to loopback names and to those that --host names`,
  );
}
