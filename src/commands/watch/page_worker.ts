/**
 * The live page in its own thread, for `penstock demo --watch`: see page_thread.ts. It receives what to serve
 * in a message, and answers with its log lines.
 */
import type { Line } from "../../views/view.ts";
import { serve, type ServingOptions } from "./serving.ts";

/** The message that the thread receives. */
export type Serve = Pick<ServingOptions, "version" | "paths" | "listen">;

/** The messages that it sends. */
export type FromThread =
  | Line
  | { readonly isListening: true }
  | { readonly failed: { readonly name: string; readonly message: string } };

/** What this thread shares with the one that started it. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<Serve>) => Promise<void>;
  postMessage: (message: FromThread) => void;
};

const post = (message: FromThread): void => thread.postMessage(message);

thread.onmessage = async ({ data }) => {
  const { signal } = new AbortController();
  const onListening = () => post({ isListening: true });
  try {
    await serve({
      ...data,
      names: [],
      token: null,
      isPrivate: true,
      isOwnProcess: false,
      log: post,
      onListening,
      signal,
    });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    post({ failed: { name, message } });
  }
};
