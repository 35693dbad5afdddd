/**
 * Starts the live page in its own thread, alongside a demo. A separate process would need the permission to run
 * programs, which amounts to every permission. The thread has the permissions that the demo keeps: they belong to the
 * process. It shares neither memory nor an event loop with the run.
 */
import { ConfigError } from "../../domain/process/config_error.ts";
import type { FromThread, Serve } from "./page_worker.ts";

/** The page of a demo, until it is disposed. */
export interface PageThread extends Disposable {
  /** Where it is, and what it may do. */
  readonly texts: readonly string[];
}

/** Starts a page alongside a run. */
export type StartPage = (serve: Serve) => Promise<PageThread>;

/** Resolves once the page listens. Throws like `serve`. */
export async function startPage(serve: Serve): Promise<PageThread> {
  const worker = new Worker(new URL("./page_worker.ts", import.meta.url), { type: "module" });
  const listening = Promise.withResolvers<void>();
  const texts: string[] = [];
  worker.onmessage = ({ data }: MessageEvent<FromThread>) => {
    if ("isListening" in data) listening.resolve();
    else if ("failed" in data) listening.reject(failure(data.failed));
    // After that, it only logs what the page shows too.
    else texts.push(data.text);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    listening.reject(new Error(`the live page failed: ${event.message}`));
  };
  worker.postMessage(serve);
  try {
    await listening.promise;
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return { texts: texts.splice(0), [Symbol.dispose]: () => worker.terminate() };
}

/** Returns the thread's error as an error of this thread. */
function failure({ name, message }: { readonly name: string; readonly message: string }): Error {
  if (name === "ConfigError") return new ConfigError([message]);
  const ofDeno: Readonly<Record<string, new (message: string) => Error>> = Deno.errors;
  return Object.hasOwn(ofDeno, name) ? new ofDeno[name]!(message) : new Error(message);
}
