/** Builds the pages into ../static; `npm run dev` serves them beside a running `svarklar serve`. */

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const SERVER = process.env.SVARKLAR_SERVER ?? "http://127.0.0.1:8000";
const PAGES = ["login", "phone", "settings"];

/** Serves /login, /phone and /settings under the addresses they have in production. */
function pageAddresses(): Plugin {
  return {
    name: "page-addresses",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const page = PAGES.find((name) => request.url === `/${name}`);
        if (page) request.url = `/${page}.html`;
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [svelte(), pageAddresses()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: ["es2022", "chrome123", "firefox121", "safari17.5"],
    // The content security policy allows no data: addresses and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "login.html", "phone.html", "settings.html"] },
  },
  server: {
    proxy: {
      "/api": SERVER,
      "/live": { target: SERVER, ws: true },
    },
  },
  test: { include: ["tests/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
