import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressed } from './build/compressed.ts';
import { help } from './build/help.ts';
import { mantineCss } from './build/mantine-css.ts';
import { themeCss } from './build/theme-css.ts';

/** Where `npm run dev` finds Usher. */
const usher = process.env.USHER ?? 'http://127.0.0.1:3000';

export default defineConfig({
  base: '/console/',
  plugins: [react(), mantineCss(), themeCss(), help(), compressed()],
  build: {
    target: 'es2023',
    // The first versions that support `light-dark()`, so that it is not compiled away.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Inlined files would need `data:` in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Read and deleted by build/budget.mjs.
    manifest: true,
  },
  server: {
    proxy: {
      '^/(organizations|organization-roles|users|jit)(/|\\?|$)': usher,
      '/console/config.json': usher,
    },
  },
});
