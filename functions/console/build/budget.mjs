// Checks that a first load is within its budget, for each encoding: index.html, all scripts and styles
// that the list of organizations needs, and the code that signs in, as in a deployment. What is loaded
// on demand does not count. `tests/console/first-load.mjs` measures the same in a browser.

import { readFile, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const BUDGET = 230_000;
const FIRST = ['index.html', 'src/session/oidc.ts'];
const ENCODINGS = ['br', 'gz'];
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
// Only this check needs the manifest: it is not deployed.
const manifest = JSON.parse(await readFile(`${dist}.vite/manifest.json`, 'utf8'));
await rm(`${dist}.vite`, { recursive: true });

/** The files of a chunk, and of the chunks that it imports at once. */
function filesOf(name, seen = new Set()) {
  if (seen.has(name)) return [];
  seen.add(name);
  const { file, css = [], assets = [], imports = [] } = manifest[name];
  return [file, ...css, ...assets, ...imports.flatMap((other) => filesOf(other, seen))];
}

const files = ['index.html', ...new Set(FIRST.flatMap((name) => filesOf(name)))];
for (const encoding of ENCODINGS) {
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(`${dist}${file}.${encoding}`)).size),
  );
  files.forEach((file, index) => {
    console.log(`${String(sizes[index]).padStart(8)}  ${file}.${encoding}`);
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`${String(total).padStart(8)}  of ${BUDGET} bytes for a first load (${encoding})\n`);
  if (total > BUDGET) {
    console.error('The first load is over its budget: load later what is not needed at once.');
    process.exitCode = 1;
  }
}
