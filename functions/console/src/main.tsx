import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import 'virtual:theme.css';
import './app/theme.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { keepFocus } from './app/focus';
import { Theme } from './app/Theme';
import { SignInFailed } from './session/SignInFailed';
import { session } from './session/session';
import { loginSettings } from './session/settings';

const root = createRoot(document.getElementById('root') as HTMLElement);

function render(page: React.ReactNode) {
  root.render(
    <StrictMode>
      <Theme>{page}</Theme>
    </StrictMode>,
  );
}

/** Signs in if a login is configured; only then is the code for it loaded. */
async function signIn() {
  const settings = await loginSettings();
  if (!settings) return;
  const { signedIn } = await import('./session/oidc');
  session.value = { login: await signedIn(settings), ended: false };
}

keepFocus();
signIn().then(
  () => render(<App />),
  (error: unknown) => render(<SignInFailed error={error} />),
);
