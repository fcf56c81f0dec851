// Measures what a keystroke costs while an organization lists many domains:
// `node keystroke.mjs http://127.0.0.1:3000`, with `make run` in another terminal. Creates an
// organization with 1,000 domains, types into each field beside them, and prints the time that the
// scripts of the page take for each key.

import { chromium } from '@playwright/test';
import { executablePath } from './support/browser.mjs';

const DOMAINS = 1000;
const KEYS = 50;

const usher = process.argv[2] ?? 'http://127.0.0.1:3000';
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

const id = `keystroke-${Date.now()}`;
const emailDomains = Array.from({ length: DOMAINS }, (_, n) => `domain-${n}.example`);
await send('POST', '/organizations', { id, name: id });
await send('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains });

const browser = await chromium.launch({ executablePath, args });
const page = await browser.newPage();
const devtools = await page.context().newCDPSession(page);
await devtools.send('Performance.enable');
await page.goto(`${usher}/console/organizations/${id}`, { waitUntil: 'networkidle' });

const text = 'a-name-as-long-as-there-are-keys-to-press-in-a-row'.slice(0, KEYS);
console.table({
  'Add email domains': await measured('Add email domains', text),
  'Find among the domains': await measured(/^Find among/, text),
  'Default roles': await measured('Default roles', text),
  'An email address to try': await measured('An email address to try', text),
});
await browser.close();
await send('DELETE', `/organizations/${id}`);

/** The milliseconds of script for each key of a text that is typed into a field. */
async function measured(name, keys) {
  const field = page.getByRole('textbox', { name }).or(page.getByRole('combobox', { name }));
  await field.focus();
  const times = [];
  for (const key of keys) {
    await settled();
    const before = await scriptSeconds();
    await page.keyboard.press(key);
    await settled();
    times.push(1000 * ((await scriptSeconds()) - before));
  }
  await field.fill('');
  times.sort((one, other) => one - other);
  const at = (share) => `${times[Math.ceil(share * times.length) - 1].toFixed(1)} ms`;
  return { median: at(0.5), '95th percentile': at(0.95), worst: at(1) };
}

/** Resolves after the frame that shows what the last key has changed. */
async function settled() {
  const frames = () =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  await page.evaluate(frames);
}

async function scriptSeconds() {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? 0;
}

async function send(method, path, body) {
  const response = await fetch(usher + path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
}
