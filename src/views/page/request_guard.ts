/**
 * Which requests are answered. A web page can make a browser send requests to any address, and if its own name points
 * to this machine it may read the answers too (DNS rebinding); but then the browser sends that name as `Host`. So only
 * requests to the names of this machine, or to those that the user gave, are answered. Of the requests that another site
 * made, only links to the page are.
 */
import { timingSafeEqual } from "node:crypto";
import { createHash } from "node:crypto";
import { Refused, type RequestHead } from "./request_head.ts";

/** The names of this machine's loopback address. */
export const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** What a request has to show. */
export interface GuardOptions {
  /** Names besides those of loopback, in lower case. */
  readonly names: readonly string[];
  /** The token that every request must carry; null for none. */
  readonly token: string | null;
}

/** Throws a Refused for a request that is not answered. */
export function mustBeAllowed(request: RequestHead, { names, token }: GuardOptions): void {
  const { method, headers, url } = request;
  if (method !== "GET" && method !== "HEAD") {
    throw new Refused(405, `${method} is not allowed: only GET and HEAD are`, { Allow: "GET, HEAD" });
  }
  if (headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) !== 0) {
    throw new Refused(400, "A request with a body is not allowed");
  }
  const host = headers.get("host")!;
  const allowed = [...LOOPBACK, ...names];
  if (!allowed.includes(nameIn(`http://${host}`) ?? "")) refuse("Host", host);
  const origin = headers.get("origin");
  if (
    origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase() &&
    origin.toLowerCase() !== `https://${host}`.toLowerCase()
  ) {
    refuse("Origin", origin);
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  // Another page may link here, since it cannot read what the link opens.
  const isLink = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  if (site !== "none" && site !== "same-origin" && !isLink) refuse("Sec-Fetch-Site", site);
  if (token !== null && !isSame(tokenIn(headers, url) ?? "", token)) {
    throw new Refused(401, "The token is missing or wrong: use the address that penstock watch printed", {
      "WWW-Authenticate": 'Bearer realm="penstock"',
    });
  }
}

/** The token that came with a request: in a header, as Prometheus sends it, or in the address. */
function tokenIn(headers: RequestHead["headers"], url: URL): string | null {
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? url.searchParams.get("token");
}

/** Compares digests in constant time, which reveals neither where the texts differ nor how long `expected` is. */
function isSame(found: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(found), digest(expected));
}

/** The host name in lower case, without a port; null if there is none. */
function nameIn(url: string): string | null {
  return URL.parse(url)?.hostname ?? null;
}

function refuse(header: string, value: string): never {
  throw new Refused(
    403,
    `${header} is ${value}: this page answers to the names of loopback and to those that --host names`,
  );
}
