// Starts the Cognito emulator, with the calls about identity providers that it lacks. The providers are
// kept beside its users. Nobody can sign in through them: an event of a trigger says so instead.

const { readFileSync, writeFileSync } = require('node:fs');
const http = require('node:http');
const { join } = require('node:path');
const { ResourceNotFoundError } = require('cognito-local/lib/errors');
const { Targets } = require('cognito-local/lib/targets/targets');

const file = join('.cognito', 'identity-providers.json');

/** The providers of all pools. */
function stored() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

const isThe = ({ UserPoolId, ProviderName }) => (other) =>
  other.UserPoolId === UserPoolId && other.ProviderName === ProviderName;

Targets.CreateIdentityProvider = () => async (_, request) => {
  const others = stored().filter((other) => !isThe(request)(other));
  writeFileSync(file, JSON.stringify([...others, request], null, 2));
  return { IdentityProvider: request };
};

Targets.DescribeIdentityProvider = () => async (_, request) => {
  const found = stored().find(isThe(request));
  if (!found) throw new ResourceNotFoundError(`Identity provider ${request.ProviderName} does not exist.`);
  return { IdentityProvider: found };
};

// Usher keeps connections for later requests. Node.js would close one after five idle seconds, and a request that is sent at
// that moment would fail.
const { createServer } = http;
http.createServer = (...given) => Object.assign(createServer(...given), { keepAliveTimeout: 0 });

require('cognito-local/lib/bin/start');
