import { mkdir } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './console.ts';

const FOLDER = 'screenshots';
const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [360, 1440, 1920];

/**
 * Checks that axe finds nothing and that nothing is wider than the window, in light and dark, from
 * narrow to wide. Leaves a screenshot of each to look at.
 */
export async function inspect(page: Page, name: string) {
  await mkdir(FOLDER, { recursive: true });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
      await page.screenshot({ path: `${FOLDER}/${name}-${colorScheme}-${width}.png` });
    }
  }
}
