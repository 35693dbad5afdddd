/** The streams of one connection, and the requests that change them. */
export class Subscriptions {
  readonly #streams: Set<string>;

  /** At most this many streams per connection. */
  static readonly LIMIT = 1024;

  /** @throws {RangeError} when there are more than the limit */
  constructor(streams: Iterable<string>) {
    this.#streams = new Set(streams);
    if (this.#streams.size > Subscriptions.LIMIT) throw new RangeError(TOO_MANY);
  }

  /** Whether the connection has this stream. */
  has(stream: string): boolean {
    return this.#streams.has(stream);
  }

  /** Handles a request as a client sends it; returns the answer to send. */
  answer(request: string): string {
    let parsed: unknown;
    try {
      parsed = JSON.parse(request);
    } catch {
      return failure(3, "Invalid JSON: expected value at line 1 column 1");
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      return failure(2, "Invalid request: request must be an object");
    }
    const { method, params, id = null } = parsed as Record<string, unknown>;
    if (!isRequestId(id)) return failure(2, "Invalid request: request ID must be an unsigned integer");
    switch (method) {
      case "LIST_SUBSCRIPTIONS":
        return success([...this.#streams], id);
      case "SUBSCRIBE":
      case "UNSUBSCRIBE":
        break;
      default:
        return failure(
          2,
          `Invalid request: unknown variant \`${String(method).slice(0, 64)}\`, ` +
            "expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`",
          id,
        );
    }
    if (!Array.isArray(params) || !params.every(isStreamName)) {
      return failure(2, "Invalid request: params must be an array of stream names", id);
    }
    if (method === "UNSUBSCRIBE") {
      for (const stream of params) this.#streams.delete(stream);
      return success(null, id);
    }
    const union = this.#streams.union(new Set(params));
    if (union.size > Subscriptions.LIMIT) return failure(2, `Invalid request: ${TOO_MANY}`, id);
    for (const stream of params) this.#streams.add(stream);
    return success(null, id);
  }
}

const TOO_MANY = `too many streams, at most ${Subscriptions.LIMIT} per connection`;

/**
 * Far longer than the name of any stream; the names of unknown ones are kept too, as long as the connection
 * lasts.
 */
const LONGEST_NAME = 200;

function isStreamName(stream: unknown): stream is string {
  return typeof stream === "string" && stream.length <= LONGEST_NAME;
}

type RequestId = number | string | null;

function isRequestId(id: unknown): id is RequestId {
  return id === null || (Number.isSafeInteger(id) && (id as number) >= 0) ||
    (typeof id === "string" && /^[\w-]{1,36}$/.test(id));
}

function success(result: string[] | null, id: RequestId): string {
  return JSON.stringify({ result, id });
}

function failure(code: number, msg: string, id: RequestId = null): string {
  return JSON.stringify({ error: { code, msg }, id });
}
