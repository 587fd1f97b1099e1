import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** Undefined where no Chromium is installed. */
export const CHROMIUM = process.env.TEST_CHROMIUM_BIN;

const QUIET = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET });
}

/** Begins a session with a key in a browser context, without its login page. */
export async function logInWithKey(context: BrowserContext, url: string, key: string): Promise<void> {
  const answer = await context.request.post(`${url}/auth/session`, { data: { key } });
  if (!answer.ok()) throw new Error(await answer.text());
}

/** Collects what a page complains about in its console. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}
