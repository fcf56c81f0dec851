import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const STYLES = /\/@mantine\/core\/esm\/.*\/(\w+)\.module\.mjs$/;

/**
 * Imports the styles of each component of Mantine together with the component, so that a page loads
 * only the styles that it needs. They are in the layer `mantine`: the console's own styles come
 * before them whatever is loaded first.
 */
export function mantineCss(): Plugin {
  const { resolve } = createRequire(import.meta.url);
  return {
    name: 'mantine-css',
    transform(code, id) {
      const [, component] = STYLES.exec(id) ?? [];
      if (!component) return null;
      return `import '${resolve(`@mantine/core/styles/${component}.layer.css`)}';\n${code}`;
    },
  };
}
