import { defineConfig } from 'vite';

/** The browsers that have `light-dark()`, so that the build keeps it. Without it, the theme switch would not work. */
const BROWSERS = ['chrome123', 'firefox128', 'safari17.5'];

/** Of the query service, for `vite apps/dashboard`. */
const API = '^/(v1|auth|directory)(/|$)';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { [API]: process.env.SERVERSTATS_URL ?? 'http://127.0.0.1:3000' } },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: BROWSERS,
    cssTarget: BROWSERS,
    modulePreload: { polyfill: false },
    // The Content-Security-Policy allows no data: URLs.
    assetsInlineLimit: 0,
  },
});
