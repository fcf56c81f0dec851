import { existsSync } from 'node:fs';

// `make console-tests` installs the first one, where Debian's packages are: the same Chromium, without
// windows. A test takes half the processor time in it.
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** The program of the browser: what `CHROMIUM` names, or else the first one that is installed. */
export const executablePath = process.env.CHROMIUM ?? installed();

function installed() {
  const path = BROWSERS.find((path) => existsSync(path));
  if (!path) throw new Error(`Install one of these: ${BROWSERS.join(', ')}`);
  return path;
}
