import { mkdir, writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import axe from 'axe-core';
import { expect } from './console.ts';
import { faultsOfArrival, faultsOfLayout } from './layout.ts';

const FOLDER = 'screenshots';
const SCHEMES = ['light', 'dark'] as const;
/** Phones, a desktop with a zoom of 200 %, desktops. */
const WIDTHS = [360, 390, 720, 1440, 1920];
/** Where axe looks, and where the screenshots have both schemes: the narrow layout and the wide one. */
const MAIN_WIDTHS = [360, 1440];
/** Where Mantine says which scheme the page has. */
const SCHEME_ATTRIBUTE = 'data-mantine-color-scheme';
/** The rules of axe that depend on colours. */
const COLOR_RULES = ['color-contrast', 'link-in-text-block'];

/**
 * Checks a page right after it was opened or something happened in it: alerts are in view, and the
 * focus is somewhere. Then, from narrow to wide and in light and dark, checks the layout and what axe
 * finds. With SCREENSHOTS=1 it leaves a screenshot of each to look at.
 */
export async function inspect(page: Page, name: string) {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await expectNone(page, faultsOfArrival);
  // Half a megabyte, so only once.
  await page.evaluate(axe.source);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    // As browsers do when somebody types.
    await page.evaluate(() => document.activeElement?.scrollIntoView({ block: 'center' }));
    await expectNone(page, faultsOfLayout);
    const isMain = MAIN_WIDTHS.includes(width);
    for (const colorScheme of isMain ? SCHEMES : (['light'] as const)) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator('html')).toHaveAttribute(SCHEME_ATTRIBUTE, colorScheme);
      await expectNone(page, moving);
      if (isMain) await expectAccessible(page, colorScheme === 'dark');
      if (process.env.SCREENSHOTS) await screenshot(page, `${name}-${colorScheme}-${width}`);
    }
  }
}

/** Waits until the layout has settled without a fault. */
async function expectNone(page: Page, faults: () => string[]) {
  await expect.poll(() => page.evaluate(faults)).toEqual([]);
}

/** What still fades from one colour to another. It runs in the browser. */
function moving(): string[] {
  return document
    .getAnimations()
    .filter(({ playState }) => playState === 'running')
    .map(({ effect }) => (effect instanceof KeyframeEffect ? effect.target : null))
    .map((target) => `moves: ${target?.outerHTML.slice(0, 160)}`);
}

/** Expects that axe finds nothing; after another scheme, only rules that depend on colours count. */
async function expectAccessible(page: Page, colorsOnly: boolean) {
  const violations = await page.evaluate(
    async (rules) => {
      const { violations } = await window.axe.run({
        resultTypes: ['violations'],
        ...(rules && { runOnly: { type: 'rule', values: rules } }),
      });
      return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
    },
    colorsOnly ? COLOR_RULES : null,
  );
  expect(violations).toEqual([]);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** Saves what the window shows. Playwright's own screenshots are compressed longer. */
async function screenshot(page: Page, name: string) {
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send('Page.captureScreenshot', {
    format: 'png',
    optimizeForSpeed: true,
  });
  await devtools.detach();
  await mkdir(FOLDER, { recursive: true });
  await writeFile(`${FOLDER}/${name}.png`, data, 'base64');
}
