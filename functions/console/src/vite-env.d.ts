/// <reference types="vite/client" />

declare module 'virtual:theme.css';

declare module 'virtual:help' {
  type HelpDocument = import('../build/help.ts').HelpDocument;
  export const documents: Record<
    string,
    { title: string; load: () => Promise<{ document: HelpDocument }> }
  >;
}
