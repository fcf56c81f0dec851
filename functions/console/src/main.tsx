import '@mantine/core/styles/baseline.layer.css';
import '@mantine/core/styles/global.layer.css';
import 'virtual:theme.css';
import './app/theme.css';

import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { keepFocus } from './app/focus';
import { prepareFirstPage } from './app/router';
import { StartFailed } from './app/StartFailed';
import { Starting } from './app/Starting';
import { Theme } from './app/Theme';
import { signIn } from './session/signIn';
import { watchStyles } from './ui/styles';

const root = createRoot(document.getElementById('root') as HTMLElement);

function render(page: ReactNode) {
  root.render(
    <StrictMode>
      <Theme>{page}</Theme>
    </StrictMode>,
  );
}

function start() {
  render(<Starting />);
  Promise.all([signIn(), prepareFirstPage()]).then(
    () => render(<App />),
    (error: unknown) => render(<StartFailed error={error} onRetry={start} />),
  );
}

keepFocus();
watchStyles();
start();
