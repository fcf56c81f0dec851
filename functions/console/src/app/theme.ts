import { Alert, createTheme, Modal } from '@mantine/core';

const SYSTEM_FONT =
  'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export const theme = createTheme({
  colors: {
    // Cooler than Mantine's own, from text to the deepest background.
    dark: [
      '#c9ccd3',
      '#b3b7c0',
      '#8c919c',
      '#656a75',
      '#43464e',
      '#33363d',
      '#26282e',
      '#1c1d21',
      '#141518',
      '#0f1012',
    ],
  },
  primaryColor: 'indigo',
  // Enough contrast for white on it, and for itself on white.
  primaryShade: { light: 7, dark: 8 },
  defaultRadius: 'md',
  fontFamily: SYSTEM_FONT,
  headings: { fontFamily: SYSTEM_FONT, fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Mantine locks scrolling by a `<style>` element, which the Content-Security-Policy forbids.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        // Mantine's is a `<header>`, which outside of a section would be the page's.
        attributes: { header: { role: 'none' } },
      },
      styles: { title: { fontWeight: 600 } },
    }),
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
  },
});
