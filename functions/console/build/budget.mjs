// Checks that a first load is within its budget: the compressed sizes of index.html, and of all the
// scripts and styles that it names. What is loaded later, on demand, does not count.

import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const BUDGET = 250_000;
const dist = fileURLToPath(new URL('../dist/', import.meta.url));

const html = await readFile(`${dist}index.html`, 'utf8');
const named = [...html.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map(([, path]) => path);
const files = ['index.html', ...new Set(named)];
const sizes = await Promise.all(files.map(async (file) => (await stat(`${dist}${file}.br`)).size));
const total = sizes.reduce((sum, size) => sum + size, 0);

files.forEach((file, index) => {
  console.log(`${String(sizes[index]).padStart(8)}  ${file}`);
});
console.log(`${String(total).padStart(8)}  of ${BUDGET} bytes for a first load`);
if (total > BUDGET) {
  console.error('The first load is over its budget: load later what is not needed at once.');
  process.exitCode = 1;
}
