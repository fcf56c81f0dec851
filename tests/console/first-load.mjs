// Measures a first load of the console, until the list of organizations shows rows, in both encodings:
// `node first-load.mjs http://127.0.0.1:3000/console`, with `make run` in another terminal. The code
// that signs in is loaded only if a login is configured. functions/console/build/budget.mjs checks the
// budget, with that code.

import { get } from 'node:http';
import { chromium } from '@playwright/test';
import { executablePath } from './support/browser.mjs';

const url = process.argv[2] ?? 'http://127.0.0.1:3000/console';
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const browser = await chromium.launch({ executablePath, args });
const ms = (value) => `${Math.round(value)} ms`;

async function measure() {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const urls = [];
  page.on('requestfinished', (request) => urls.push(request.url()));
  await page.goto(url);
  await page.locator('tbody tr').or(page.getByText('Create your first')).first().waitFor();
  const { metrics } = await devtools.send('Performance.getMetrics');
  const seconds = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  const paint = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  const loaded = [...urls];
  await page.close();
  return {
    requests: loaded.length,
    'bytes of bodies, br': await bytes(loaded, 'br'),
    'bytes of bodies, gzip': await bytes(loaded, 'gzip'),
    'main thread, all tasks': ms(1000 * seconds('TaskDuration')),
    'main thread, scripts': ms(1000 * seconds('ScriptDuration')),
    'main thread, layout and style': ms(
      1000 * (seconds('LayoutDuration') + seconds('RecalcStyleDuration')),
    ),
    'first contentful paint': ms(paint),
  };
}

/** The size of what was loaded, in an encoding: the browser takes the best one that is offered. */
async function bytes(urls, encoding) {
  const sizes = await Promise.all(urls.map((one) => size(one, encoding)));
  return sizes.reduce((sum, each) => sum + each, 0);
}

function size(one, encoding) {
  return new Promise((resolve, reject) => {
    const request = get(one, { headers: { 'accept-encoding': encoding } }, (response) => {
      let total = 0;
      response.on('data', (chunk) => {
        total += chunk.length;
      });
      response.on('end', () => resolve(total));
    });
    request.on('error', reject);
  });
}

console.table(await measure());
await browser.close();
