import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** The host is chosen when the page is built, so that the app's page holds nothing of the tests' bridge. */
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  resolve: {
    alias: {
      '#host': fileURLToPath(
        new URL(mode === 'bridge' ? './src/host/bridge.ts' : './src/host/tauri.ts', import.meta.url),
      ),
    },
  },
  build: {
    outDir: mode === 'bridge' ? 'dist-bridge' : 'dist',
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  // A machine with other work shall be slow, not red.
  test: { environment: 'node', include: ['tests/**/*.test.ts'], testTimeout: 60_000 },
}));
