import { expect, test } from './support/console.ts';
import { faultsOfArrival, faultsOfLayout } from './support/layout.ts';

const BUTTON = 'style="width: 24px; height: 24px; padding: 0"';
const SMALL = 'style="width: 20px; height: 20px; padding: 0; display: inline-block"';

/** What each check finds, and what looks alike and is right. */
const CASES: Record<string, { wrong: string; right: string; fault: RegExp }> = {
  width: {
    wrong: '<div style="width: 500px; height: 9px"></div>',
    right: '<div style="overflow: auto"><div style="width: 500px; height: 9px"></div></div>',
    fault: /wider than the window/,
  },
  headings: { wrong: '<h1>Two</h1>', right: '<h2>Below</h2>', fault: /2 h1/ },
  'cut text': {
    wrong: '<p style="width: 50px; overflow: hidden; white-space: nowrap">A long text</p>',
    right:
      '<p title="A long text" style="width: 50px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis">A long text</p>',
    fault: /^cut/,
  },
  'cut text with dots, but nowhere whole': {
    wrong:
      '<p style="width: 50px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis">A long text</p>',
    right: '<p style="width: 50px">A long text</p>',
    fault: /^cut/,
  },
  'cut lines': {
    wrong: '<div style="height: 20px; overflow: hidden">One<br>Two<br>Three</div>',
    right: '<div style="height: 20px; overflow: auto">One<br>Two<br>Three</div>',
    fault: /^cut/,
  },
  'rows that scroll': {
    wrong:
      '<div style="overflow-x: auto; scrollbar-width: none"><div style="width: 500px">x</div></div>',
    right: '<div style="overflow-x: auto"><div style="width: 500px">x</div></div>',
    fault: /without a scroll bar/,
  },
  dropdowns: {
    wrong: `<div style="height: 40px; overflow: auto; position: relative">
      <div role="listbox" style="position: absolute; top: 20px; height: 90px; width: 90px"></div></div>`,
    right: '<div role="listbox" style="height: 90px; width: 90px"></div>',
    fault: /not in view as a whole/,
  },
  targets: {
    wrong: `<button ${SMALL}></button><button ${SMALL}></button>`,
    right: `<button ${BUTTON}></button><button ${BUTTON}></button>`,
    fault: /a target of 20\.0 × 20\.0 px/,
  },
  'targets with room around them': {
    wrong: `<button ${SMALL}></button><button ${BUTTON}></button>`,
    right: `<button ${SMALL}></button><p style="margin: 24px"></p><a href="#" ${SMALL}>A</a>`,
    fault: /a target of 20\.0/,
  },
  overlaps: {
    wrong: `<button ${BUTTON}></button><button style="margin-left: -9px; height: 24px">B</button>`,
    right: `<div style="position: relative"><input style="font-size: 16px; width: 200px; height: 28px; box-sizing: border-box">
      <button style="position: absolute; left: 172px; top: 2px; width: 24px; height: 24px; padding: 0">
      </button></div>`,
    fault: /targets overlap/,
  },
  'what is beyond the edge': {
    wrong: '<div role="status" style="position: fixed; left: -40px">Saved</div>',
    right: '<div role="status" style="position: fixed; left: 0">Saved</div>',
    fault: /beyond the edge/,
  },
  fields: {
    wrong: '<textarea style="font-size: 14px"></textarea>',
    right: '<textarea style="font-size: 16px"></textarea>',
    fault: /a field with text of 14px/,
  },
  motion: {
    wrong: `<style>@keyframes turn { to { rotate: 1turn } }</style>
      <p style="animation: turn 1s infinite">x</p>`,
    right: '<p>x</p>',
    fault: /moves although/,
  },
};

const inPage = (html: string) =>
  `<!doctype html><style>body { margin: 0; padding: 24px 0 }</style><h1>One</h1>${html}`;

for (const [name, { wrong, right, fault }] of Object.entries(CASES)) {
  test(`the check of ${name} finds what is wrong, and nothing else`, async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 640 });
    await page.setContent(inPage(wrong));
    const faults = await page.evaluate(faultsOfLayout);
    expect(faults.length).toBeGreaterThan(0);
    for (const text of faults) expect(text).toMatch(fault);
    await page.setContent(inPage(right));
    expect(await page.evaluate(faultsOfLayout)).toEqual([]);
  });
}

test('the check of an arrival finds an alert out of view, and a lost focus', async ({ page }) => {
  const alert = '<p role="alert">Not saved.</p>';
  await page.setContent(inPage(`<div style="height: 3000px"></div>${alert}`));
  expect(await page.evaluate(faultsOfArrival)).toEqual([
    expect.stringMatching(/an alert that is not in view/),
    'the focus is on the body',
  ]);
  const covered = `${alert}<div style="position: fixed; inset: 0; background: white"></div>`;
  await page.setContent(inPage(`${covered}<button>OK</button>`));
  await page.getByRole('button').focus();
  expect(await page.evaluate(faultsOfArrival)).toEqual([
    expect.stringMatching(/an alert that is not in view/),
  ]);
  await page.setContent(inPage(`${alert}<button>OK</button>`));
  await page.getByRole('button').focus();
  expect(await page.evaluate(faultsOfArrival)).toEqual([]);
});
