/** Chromium for the tests of pages: what a page prints, asks for and throws is collected. */
import { type Browser, chromium, type Page } from "playwright-core";

/** Where Debian installs it, without and with its windows: the first takes half the CPU time. */
const PLACES = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
const CHROMIUM = PLACES.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Whether there is a browser to test with. */
export function hasBrowser(): boolean {
  return CHROMIUM !== undefined;
}

/** How a page is opened. */
export interface ViewOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** The reader's zone, UTC by default. */
  readonly timezone?: string;
  /** The page's time passes only when the test says so. */
  readonly stopsClock?: boolean;
}

/** A browser for several pages, one after the other: it costs more to start than a page. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  static async start(): Promise<Chromium> {
    if (CHROMIUM === undefined) {
      throw new Error(`No browser to test with: expected one of ${PLACES.join(", ")}`);
    }
    return new Chromium(await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }));
  }

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Opens the file at `place`, or the address that it is, and waits until its script has run. */
  async open(place: string, options: ViewOptions = {}): Promise<View> {
    const view = await this.blank(options);
    await view.go(place);
    return view;
  }

  /** Opens an empty page. */
  async blank(
    { width = 1440, height = 900, dark = false, timezone = "UTC", stopsClock = false }: ViewOptions = {},
  ): Promise<View> {
    const page = await this.#browser.newPage({
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      timezoneId: timezone,
      acceptDownloads: true,
    });
    if (stopsClock) await page.clock.install();
    return new View(page);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** A page in a window, and what went wrong in it. */
export class View implements AsyncDisposable {
  readonly page: Page;
  /** Errors, and whatever the page wrote on its console. */
  readonly complaints: string[] = [];
  /** The addresses it asked for, its own not among them. */
  readonly requests: string[] = [];
  #browser: Chromium | null = null;

  /** Opens a page in its own browser. */
  static async open(place: string, options: ViewOptions = {}): Promise<View> {
    const browser = await Chromium.start();
    try {
      const view = await browser.open(place, options);
      view.#browser = browser;
      return view;
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Follows what happens on a page that was just opened. */
  constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => this.complaints.push(message.text()));
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.isNavigationRequest()) this.requests.push(request.url());
    });
  }

  /** Goes to another file or address, as if nothing had happened before, and waits until its script has run. */
  async go(place: string): Promise<void> {
    // What was there before asks and complains no more.
    await this.page.goto("about:blank");
    this.complaints.length = this.requests.length = 0;
    await this.page.goto(place.startsWith("http:") ? place : `file://${place}`);
    await this.page.waitForSelector("html[data-ready=true]");
  }

  /** Emulates paper or a screen, light or dark, and waits until the charts of a run have been drawn again in their colours. */
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

  /** Makes the window this wide, and waits until the page, whose charts follow a moment later, is no wider. */
  async narrow(width: number, height = 844): Promise<void> {
    await this.page.setViewportSize({ width, height });
    await this.page.waitForFunction((most) => document.documentElement.scrollWidth === most, width);
  }

  /** The text of the first element that `selector` finds, blanks around it removed. */
  async text(selector: string): Promise<string> {
    return (await this.page.textContent(selector) ?? "").trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
    await this.#browser?.[Symbol.asyncDispose]();
  }
}
