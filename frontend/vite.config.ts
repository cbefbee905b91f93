import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const backend = 'http://127.0.0.1:9090';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { port: 5173, proxy: { '/api': { target: backend, changeOrigin: true } } },
  build: {
    target: 'es2022',
    // Nothing may be inlined as data: URLs in script or style: the content security policy refuses it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What every page needs comes in three files rather than fifty; the rest is split by route.
        codeSplitting: {
          groups: [
            {
              name: 'framework',
              test: /node_modules\/(react|react-dom|scheduler|react-i18next|i18next|@tanstack)\//,
            },
            {
              name: 'base',
              test: /src\/(api|i18n|ui\/(actions\/copy|badge|base|brand|feedback\/(feedback|notify)|fields\/(code-form|preferences|size|time)|page|shell\/(public|skip)|theme\/(color|global|variables))|lib\/(format|held|link|paths|problem|query|route|secret|use)|routes\/(fallbacks|guards|split|public\/layout)|features\/(session|admin-session|visits)\/api)/,
            },
            {
              name: 'mantine',
              test: /node_modules\/(clsx|@mantine\/(form|hooks)|@mantine\/core\/esm\/(core|components\/(CloseButton|Group|Input|InputBase|Loader|PasswordInput|Stack|TextInput|Textarea|Transition|UnstyledButton)))\//,
            },
            {
              name: 'frame',
              test: /node_modules\/@mantine\/(notifications|core\/esm\/components\/(Drawer|FocusTrap|Modal|ModalBase|Notification|Overlay|Paper|Portal))\/|ui\/(shell\/app|feedback\/(toaster|password-gate)|actions\/confirm)/,
            },
          ],
        },
      },
    },
  },
  test: {
    // Tests that need a document say so in their first line.
    environment: 'node',
    setupFiles: ['./src/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    css: { modules: { classNameStrategy: 'non-scoped' } },
  },
});
