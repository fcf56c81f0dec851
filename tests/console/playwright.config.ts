import { defineConfig } from '@playwright/test';
import { executablePath } from './support/browser.mjs';

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export default defineConfig({
  testDir: '.',
  outputDir: 'results',
  globalSetup: './support/usher.ts',
  forbidOnly: true,
  retries: 0,
  // One more than the cores that CI has: tests also wait, for messages and for typing to end.
  workers: 3,
  fullyParallel: true,
  // Nothing that passes waits for a limit, however slow the machine is.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
  use: {
    launchOptions: { executablePath, args },
    viewport: { width: 1280, height: 900 },
    locale: 'en-US',
    timezoneId: 'America/New_York',
    actionTimeout: 60_000,
    // Recording takes a fifth of the processor time. What the page shows when a test fails is in
    // `results` without it, as a screenshot and as text.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    permissions: ['clipboard-read', 'clipboard-write'],
  },
});
