// An OpenID provider on loopback, and a second Usher with a console that signs in there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import { end, output, ROOT } from './usher.ts';

const HOST = '127.0.0.1';
const CLIENT = 'console';

/** Starts both, and returns the origin of the console and a function that stops them. */
export async function startWithLogin() {
  const server = createServer();
  await once(server.listen(0, HOST), 'listening');
  const issuer = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  const usher = spawn(
    join(ROOT, 'target/debug/usher-local'),
    ['--http', `${HOST}:0`, '--dynamodb', `${HOST}:0`, '--lambda', `${HOST}:0`, '--console', DIST],
    { env: { ...process.env, ...login(issuer) }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [, address] = await output(usher, /^ready http=(\S+)/m);
  const origin = `http://${address}`;
  server.on('request', provider(issuer, `${origin}/console`).callback());
  const stop = async () => {
    await end(usher);
    server.closeAllConnections();
    server.close();
  };
  return { origin, stop };
}

const DIST = join(ROOT, 'functions/console/dist');

/** The environment variables that configure the login of the console. */
const login = (authority: string) => ({
  OPERATOR_ISSUER: authority,
  OPERATOR_CLIENT_ID: CLIENT,
});

function provider(issuer: string, home: string): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT,
        redirect_uris: [home],
        post_logout_redirect_uris: [home],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
    ],
    scopes: ['openid', 'usher/read', 'usher/write'],
    pkce: { required: () => true },
    // Regardless of scopes, as Cognito does.
    issueRefreshToken: async () => true,
    clientBasedCORS: (_context, origin) => origin === new URL(home).origin,
    ttl: {
      AccessToken: 3600,
      IdToken: 3600,
      RefreshToken: 12 * 3600,
      Session: 12 * 3600,
      Grant: 12 * 3600,
    },
    features: { devInteractions: { enabled: true } },
  });
}
