import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import 'virtual:theme.css';
import './app/theme.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
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

/** Signs in where there is a login; what that takes is loaded only then. */
async function signIn() {
  const settings = await loginSettings();
  if (!settings) return;
  const { signedIn } = await import('./session/oidc');
  session.use(await signedIn(settings));
}

signIn().then(
  () => render(<App />),
  (error: unknown) => render(<SignInFailed error={error} />),
);
