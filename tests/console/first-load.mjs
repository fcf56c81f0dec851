// Measures a first load of the console, until the list of organizations shows rows, for each encoding:
// `node first-load.mjs http://127.0.0.1:3000/console`, with `make run` in another terminal. The code
// that signs in is loaded only if a login is configured. functions/console/build/budget.mjs checks the
// budget, with that code.

import { chromium } from '@playwright/test';

const url = process.argv[2] ?? 'http://127.0.0.1:3000/console';
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const browser = await chromium.launch({ executablePath, args });
const ms = (value) => `${Math.round(value)} ms`;

async function measure(encoding) {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.setAcceptedEncodings', { encodings: [encoding] });
  await devtools.send('Performance.enable');
  let requests = 0;
  let transferred = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    requests += 1;
    transferred += encodedDataLength;
  });
  await page.goto(url);
  await page.locator('tbody tr').or(page.getByText('Create your first')).first().waitFor();
  const { metrics } = await devtools.send('Performance.getMetrics');
  const seconds = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  const paint = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  await page.close();
  return {
    requests,
    'transferred, bytes': transferred,
    'main thread, all tasks': ms(1000 * seconds('TaskDuration')),
    'main thread, scripts': ms(1000 * seconds('ScriptDuration')),
    'main thread, layout and style': ms(
      1000 * (seconds('LayoutDuration') + seconds('RecalcStyleDuration')),
    ),
    'first contentful paint': ms(paint),
  };
}

console.table({ br: await measure('br'), gzip: await measure('gzip') });
await browser.close();
