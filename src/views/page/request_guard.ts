/**
 * Which requests are answered. A web page can make a browser send requests to any address. If the page's own name
 * points to this machine, it may also read the answers (DNS rebinding), but then the browser sends that name as `Host`.
 * So only requests to the names of this machine, or to those that the user gave, are answered. Of the requests that
 * other sites cause, only links to the page are answered.
 */
import { timingSafeEqual } from "node:crypto";
import { createHash } from "node:crypto";
import { hostnameIn, type HttpHead, LOOPBACK_NAMES, Refused } from "../../domain/process/http_head.ts";

/** What every request must have. */
export interface GuardOptions {
  /** Names in addition to those of loopback, in lower case. */
  readonly names: readonly string[];
  /** The token that every request must carry; null for none. */
  readonly token: string | null;
}

/** Throws a Refused for a request that is not answered. */
export function mustBeAllowed(request: HttpHead, { names, token }: GuardOptions): void {
  const { method, headers, url } = request;
  if (method !== "GET" && method !== "HEAD") {
    throw new Refused(405, `${method} is not allowed: only GET and HEAD are`, { Allow: "GET, HEAD" });
  }
  if (headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) !== 0) {
    throw new Refused(400, "A request with a body is not allowed");
  }
  const host = headers.get("host")!;
  const allowed = [...LOOPBACK_NAMES, ...names];
  const name = hostnameIn(`http://${host}`);
  if (!allowed.includes(name ?? "")) refuse("Host", `${host}: ${namesHint(name)}`);
  const origin = headers.get("origin");
  if (
    origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase() &&
    origin.toLowerCase() !== `https://${host}`.toLowerCase()
  ) {
    refuse("Origin", `${origin}: ${ELSEWHERE}`);
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  // Another page may link here, since it cannot read what the link opens.
  const isLink = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  if (site !== "none" && site !== "same-origin" && !isLink) refuse("Sec-Fetch-Site", `${site}: ${ELSEWHERE}`);
  if (token !== null && !isSame(tokenIn(headers, url) ?? "", token)) {
    throw new Refused(401, "The token is missing or wrong: use the address that penstock watch printed", {
      "WWW-Authenticate": 'Bearer realm="penstock"',
    });
  }
}

/** The token that came with a request: in a header, as Prometheus sends it, or in the address. */
function tokenIn(headers: HttpHead["headers"], url: URL): string | null {
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? url.searchParams.get("token");
}

/** Compares digests in constant time, which reveals neither where the strings differ nor how long `expected` is. */
function isSame(found: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(found), digest(expected));
}

/** Advice about a name that may belong to this machine. */
function namesHint(name: string | null): string {
  const known = `this page answers to ${LOOPBACK_NAMES.join(", ")} and to the names that --host gives`;
  return name === null
    ? known
    : `${known}. If that is your own name for it, start penstock watch with --host ${name}`;
}

const ELSEWHERE = "this page does not answer other sites";

function refuse(header: string, why: string): never {
  throw new Refused(403, `${header} is ${why}`);
}
