import { MantineProvider } from '@mantine/core';
import type { PropsWithChildren } from 'react';
import { theme } from './theme';

/** Provides the theme. Its CSS variables come from a style sheet: see build/theme-css.ts. */
export function Theme({ children }: PropsWithChildren) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      {children}
    </MantineProvider>
  );
}
