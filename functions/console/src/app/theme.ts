// Not the components themselves, which the first page may not need.
import { type AlertProps, createTheme } from '@mantine/core';

const SYSTEM_FONT =
  'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** A shadow that is visible on the dark page too. */
const shadow = (...layers: string[]) =>
  layers.map((layer) => `${layer} light-dark(rgb(15 23 42 / 12%), rgb(0 0 0 / 55%))`).join(', ');

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
  shadows: {
    md: shadow('0 2px 6px', '0 8px 24px'),
    lg: shadow('0 2px 8px', '0 12px 32px'),
    xl: shadow('0 4px 12px', '0 24px 64px'),
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Text: { defaultProps: { size: 'sm' } },
    // Mantine locks scrolling with a `<style>` element, which the Content-Security-Policy forbids.
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        // Other transitions leave a transform, which would cut off what is `fixed` in the dialog.
        transitionProps: { transition: 'fade', duration: 150 },
        closeButtonProps: { 'aria-label': 'Close' },
        // Mantine uses `<header>`, which outside of a section means the header of the page.
        attributes: { header: { role: 'none' } },
      },
    },
    // As long as a message stays.
    CopyButton: { defaultProps: { timeout: 4_000 } },
    Menu: { defaultProps: { shadow: 'md' } },
    Combobox: { defaultProps: { shadow: 'md' } },
    Popover: { defaultProps: { shadow: 'md' } },
    Notification: { defaultProps: { withBorder: true } },
    Alert: {
      vars: (_theme: unknown, { color = 'indigo' }: AlertProps) => ({
        root: {
          '--alert-bg': `light-dark(var(--mantine-color-${color}-0), var(--mantine-color-${color}-light))`,
          '--alert-bd': `1px solid color-mix(in srgb, var(--mantine-color-${color}-6) 35%, var(--card))`,
          '--alert-color': `light-dark(var(--mantine-color-${color}-9), var(--mantine-color-${color}-4))`,
        },
      }),
    },
  },
});
