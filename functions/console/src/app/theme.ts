import { Alert, createTheme, Modal } from '@mantine/core';

const SYSTEM_FONT =
  'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export const theme = createTheme({
  colors: {
    // Cooler greys than Mantine's, from the text to the darkest background.
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
  // These shades have enough contrast with white, as a background and as a text.
  primaryShade: { light: 7, dark: 8 },
  defaultRadius: 'md',
  fontFamily: SYSTEM_FONT,
  headings: { fontFamily: SYSTEM_FONT, fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Mantine locks scrolling with a `<style>` element, which the Content-Security-Policy forbids.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        // Other transitions leave a transform, which would cut off what is `fixed` in the dialog.
        transitionProps: { transition: 'fade', duration: 150 },
        closeButtonProps: { 'aria-label': 'Close' },
        // Mantine uses `<header>`, which outside of a section means the header of the page.
        attributes: { header: { role: 'none' } },
      },
      styles: { title: { fontWeight: 600 } },
    }),
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
  },
});
