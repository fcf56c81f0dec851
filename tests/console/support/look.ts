import { mkdir } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './console.ts';
import { faultsOfArrival, faultsOfLayout } from './layout.ts';

const FOLDER = 'screenshots';
const SCHEMES = ['light', 'dark'] as const;
/** Phones, a desktop with a zoom of 200 %, desktops. */
const WIDTHS = [360, 390, 720, 1440, 1920];
/** Where axe looks, and where the screenshots have both schemes: the narrow layout and the wide one. */
const MAIN_WIDTHS = [360, 1440];
/** The rules of axe that depend on colours. */
const COLOR_RULES = ['color-contrast', 'link-in-text-block'];

/**
 * Checks a page right after it was opened or something happened in it: alerts are in view, and the
 * focus is somewhere. Then, from narrow to wide and in light and dark, checks the layout and what axe
 * finds. Leaves a screenshot of each to look at.
 */
export async function inspect(page: Page, name: string) {
  await mkdir(FOLDER, { recursive: true });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await expectNone(page, faultsOfArrival);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    // As browsers do when somebody types.
    await page.evaluate(() => document.activeElement?.scrollIntoView({ block: 'center' }));
    await expectNone(page, faultsOfLayout);
    const isMain = MAIN_WIDTHS.includes(width);
    for (const colorScheme of isMain ? SCHEMES : (['light'] as const)) {
      await page.emulateMedia({ colorScheme });
      if (isMain) await expectAccessible(page, colorScheme === 'dark');
      await page.screenshot({ path: `${FOLDER}/${name}-${colorScheme}-${width}.png` });
    }
  }
}

/** Waits until the layout has settled without a fault. */
async function expectNone(page: Page, faults: () => string[]) {
  await expect.poll(() => page.evaluate(faults), { timeout: 15_000 }).toEqual([]);
}

/** Expects that axe finds nothing; after another scheme, only rules that depend on colours count. */
async function expectAccessible(page: Page, colorsOnly: boolean) {
  const axe = new AxeBuilder({ page });
  const { violations } = await (colorsOnly ? axe.withRules(COLOR_RULES) : axe).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}
