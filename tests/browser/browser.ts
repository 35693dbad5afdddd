/** Chromium for the tests of pages: what a page prints, asks for and throws is collected. */
import { type Browser, chromium, type Page } from "playwright-core";

/** Where Debian installs it. */
const CHROMIUM = "/usr/bin/chromium";

/** Whether there is a browser to test with. */
export function hasBrowser(): boolean {
  try {
    return Deno.statSync(CHROMIUM).isFile;
  } catch {
    return false;
  }
}

/** A page in a window, and what went wrong in it. */
export class View implements AsyncDisposable {
  readonly page: Page;
  /** Errors, and whatever the page wrote on its console. */
  readonly complaints: string[] = [];
  /** The addresses it asked for, its own not among them. */
  readonly requests: string[] = [];
  readonly #browser: Browser;

  /** Opens the file at `path` and waits until its script has run. */
  static async open(
    path: string,
    { width = 1440, height = 900, dark = false, timezone = "UTC" } = {},
  ): Promise<View> {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        timezoneId: timezone,
        acceptDownloads: true,
      });
      const view = new View(browser, page);
      await page.goto(`file://${path}`);
      await page.waitForSelector("html[data-ready=true]");
      return view;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.on("console", (message) => this.complaints.push(message.text()));
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.isNavigationRequest()) this.requests.push(request.url());
    });
  }

  /** Emulates paper or a screen, light or dark, and waits until the charts of a run are drawn anew in their colours. */
  async emulate(
    media: { readonly media?: "print" | "screen"; readonly colorScheme: "light" | "dark" },
  ): Promise<void> {
    const { page } = this;
    const seen = (): Promise<string> =>
      page.evaluate(() =>
        ["print", "(prefers-color-scheme: dark)"].map((query) => matchMedia(query).matches).join()
      );
    // New charts replace those that have this mark.
    await page.$$eval(".chart .uplot", (all) => all.forEach((plot) => plot.setAttribute("data-old", "")));
    const before = await seen();
    await page.emulateMedia(media);
    if (await seen() === before) return;
    await page.waitForFunction(() => document.querySelector(".chart .uplot[data-old]") === null);
  }

  /** The text of the first element that `selector` finds, blanks around it removed. */
  async text(selector: string): Promise<string> {
    return (await this.page.textContent(selector) ?? "").trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
