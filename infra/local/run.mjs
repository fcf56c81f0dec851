// Runs Usher on this machine: usher-local, and a Cognito emulator that calls its triggers as
// Cognito does. `make run` starts this script. Its settings are environment variables, which `make
// help` lists. If SAM names the template that `sam build` wrote (`make sam-local`), the built
// functions run in containers, and usher-local only provides DynamoDB.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOST = '127.0.0.1';
const CODE = '123456';
// An identity provider that organizations can list.
const PROVIDER = 'Acme-Okta';
const PORTS = { HTTP_PORT: 3000, DYNAMODB_PORT: 8000, LAMBDA_PORT: 3001, COGNITO_PORT: 9229 };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COGNITO_LOCAL = join(ROOT, 'infra/local/cognito/start.cjs');
const SAM = process.env.SAM && resolve(ROOT, process.env.SAM);
// sam calls functions by their names in the template.
const TRIGGERS = SAM ? {
  PostConfirmation: 'PostConfirmationFunction',
  PreTokenGeneration: 'PreTokenGenerationFunction',
} : {
  PostConfirmation: 'post-confirmation',
  PreTokenGeneration: 'pre-token-generation',
};

const folder = resolve(ROOT, process.env.RUN_DIR || '.run');
const database = join(folder, 'usher.sqlite');
const envFile = join(folder, 'env');
const logFile = join(folder, 'cognito.log');

// Aborted once: with an error, or with null when a signal asks to stop. That stops the children.
const stopping = new AbortController();
const children = [];
let announcing = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => stopping.abort(null));
}

startAll().catch((error) => stopping.abort(error));
if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
await Promise.all(children.map((child) => child.ended));
if (announcing) await rm(envFile, { force: true });
const error = stopping.signal.reason;
if (error) {
  console.error(`make run: ${error.message}`);
  process.exitCode = 1;
} else {
  console.log('\nUsher has ended.');
}

async function startAll() {
  await refuseSecondRun();
  const ports = await freePorts();
  if (!process.env.KEEP) await deleteOldData();
  await mkdir(join(folder, '.cognito'), { recursive: true });

  // Both need to know each other. Cognito starts first: this script can choose the triggers' port,
  // but only the emulator chooses the user pool's id.
  const cognito = await startCognito(ports);
  const { pool, client } = await userPool(cognito);
  const usher = await (SAM ? startSam : startUsher)(ports, cognito, pool);
  const env = {
    USHER: `http://${usher.http}`,
    COGNITO: `http://${cognito}`,
    DYNAMODB: `http://${usher.dynamodb}`,
    DNS: usher.dns,
    DNS_RECORDS: `http://${usher.local}/local/dns`,
    EVENTS: `http://${usher.local}/local/events`,
    USER_POOL_ID: pool,
    CLIENT_ID: client,
  };
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  announcing = true;
  await writeFile(envFile, lines.join(''));
  console.log(welcome(env, usher.lambda));
}

/** Deletes the data of the last run. Other files in the folder stay. */
async function deleteOldData() {
  const files = ['', '-journal', '-shm', '-wal'].map((suffix) => database + suffix);
  for (const path of [join(folder, '.cognito'), ...files]) {
    await rm(path, { recursive: true, force: true });
  }
}

/** The ports from the environment, or the usual ones. Each is free, or 0 for any free one. */
async function freePorts() {
  const ports = {};
  const taken = [];
  for (const [name, usual] of Object.entries(PORTS)) {
    const port = Number(process.env[name] || usual);
    if (!(Number.isInteger(port) && port >= 0 && port < 65536)) {
      throw new Error(
        `${name} must be a port from 0 to 65535 (0 means any free one), not ${process.env[name]}`,
      );
    }
    if (!(await isFree(port))) taken.push(`port ${port} (${name}) is taken`);
    ports[name] = port;
  }
  if (taken.length) {
    const name = taken[0].match(/\w+_PORT/)[0];
    throw new Error(
      `${taken.join(', ')}: stop what uses it, or choose another, as in ` +
        `\`make run ${name}=${ports[name] + 100}\``,
    );
  }
  // The emulator gets the triggers' port before they listen there, and sam gets both of its ports.
  // So these ports are chosen here, below the range from which the system assigns free ports.
  for (const name of SAM ? ['LAMBDA_PORT', 'HTTP_PORT'] : ['LAMBDA_PORT']) {
    while (!ports[name]) {
      const port = 20000 + Math.floor(Math.random() * 10000);
      if (await isFree(port)) ports[name] = port;
    }
  }
  return ports;
}

async function isFree(port) {
  const server = createServer();
  try {
    await once(server.listen(port, HOST), 'listening');
    return true;
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false;
    throw error;
  } finally {
    server.close();
  }
}

/** Refuses to run twice in one folder, because each run would delete the data of the other. */
async function refuseSecondRun() {
  const env = await readFile(envFile, 'utf8').catch(() => '');
  const [, url] = env.match(/^USHER=(.*)$/m) ?? [];
  if (!url) return;
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const runs = await once(socket, 'connect').then(() => true, () => false);
  socket.destroy();
  if (runs) {
    const here = relative(ROOT, folder);
    throw new Error(`Usher at ${url} already uses ${here}: stop it first`);
  }
}

/** Starts usher-local, and returns the addresses of its servers. */
async function startUsher({ HTTP_PORT, DYNAMODB_PORT, LAMBDA_PORT }, cognito, pool) {
  // `cargo run` finds the binary wherever Cargo puts it, and replaces its own process with it.
  const usher = start('usher-local', 'cargo', [
    ...['run', '--quiet', '--locked', '--bin', 'usher-local', '--'],
    ...['--http', `${HOST}:${HTTP_PORT}`],
    ...['--dynamodb', `${HOST}:${DYNAMODB_PORT}`],
    ...['--lambda', `${HOST}:${LAMBDA_PORT}`],
    ...['--database', database],
    ...['--cognito', `http://${cognito}`, '--user-pool', pool],
  ], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const addresses = await outputMatch(usher, /^ready http=(?<http>\S+) dynamodb=(?<dynamodb>\S+) lambda=(?<lambda>\S+) dns=(?<dns>\S+)\n/m);
  return { ...addresses, local: addresses.http };
}

/** Starts sam with usher-local's DynamoDB and DNS, and returns the addresses of all servers. */
async function startSam({ HTTP_PORT, DYNAMODB_PORT, LAMBDA_PORT }, cognito, pool) {
  // Nothing uses usher-local's own functions. Its name server is used.
  const unused = { HTTP_PORT: 0, LAMBDA_PORT: 0 };
  const { dynamodb, dns, local } = await startUsher({ ...unused, DYNAMODB_PORT }, cognito, pool);
  const addresses = { http: `${HOST}:${HTTP_PORT}`, lambda: `${HOST}:${LAMBDA_PORT}`, dynamodb, dns, local };
  const sam = start('sam local', join(ROOT, '.venv/bin/python'), [
    ...['-B', join(ROOT, 'infra/local/sam.py'), 'serve', '--template', SAM, '--folder', folder],
    ...['--http', addresses.http, '--lambda', addresses.lambda],
    ...['--dynamodb', dynamodb, '--cognito', cognito, '--user-pool', pool, '--dns', dns],
  ], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', process.env.VERBOSE ? 'inherit' : openSync(join(folder, 'sam.log'), 'w')],
  });
  await outputMatch(sam, /^ready\n/m);
  return addresses;
}

/** Starts cognito-local, and returns its address. */
async function startCognito({ COGNITO_PORT, LAMBDA_PORT }) {
  const config = {
    LambdaClient: { endpoint: `http://${HOST}:${LAMBDA_PORT}` },
    TriggerFunctions: TRIGGERS,
  };
  await writeFile(join(folder, '.cognito/config.json'), JSON.stringify(config, null, 2));
  const cognito = start('cognito-local', process.execPath, [COGNITO_LOCAL], {
    cwd: folder, // where it looks for its folder `.cognito`
    env: { ...process.env, HOST, PORT: COGNITO_PORT, CODE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = process.env.VERBOSE ? process.stdout : createWriteStream(logFile);
  cognito.stdout.pipe(log, { end: false });
  cognito.stderr.pipe(log, { end: false });
  const { address } = await outputMatch(cognito, /running on http:\/\/(?<address>[\d.]+:\d+)\D/);
  return address;
}

/** Starts a child process. When one child ends, all others are stopped. */
function start(name, command, args, options) {
  const child = spawn(command, args, { ...options, signal: stopping.signal });
  child.once('error', (error) => stopping.abort(error));
  // A child that could not be started has no process id, and never exits.
  child.ended = child.pid && new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const status = signal ?? `exit status ${code}`;
      stopping.abort(new Error(`${name} has ended (${status}), so everything is stopped`));
      resolve();
    });
  });
  children.push(child);
  return child;
}

/** Waits until a child's output matches, and returns the groups of the match. */
function outputMatch(child, pattern) {
  return new Promise((resolve) => {
    let output = '';
    child.stdout.on('data', function read(chunk) {
      output += chunk;
      const match = pattern.exec(output);
      if (!match) return;
      child.stdout.off('data', read);
      resolve(match.groups);
    });
  });
}

/** The user pool and its client. If the data of the last run was kept, they exist already. */
async function userPool(address) {
  const PoolName = 'usher-users';
  const ClientName = 'app';
  const { UserPools } = await callCognito(address, 'ListUserPools', { MaxResults: 60 });
  // The settings of infra/identity.yaml that the emulator supports.
  const pool = UserPools.find(({ Name }) => Name === PoolName) ?? (
    await callCognito(address, 'CreateUserPool', {
      PoolName,
      UsernameAttributes: ['email'],
      AutoVerifiedAttributes: ['email'],
    })
  ).UserPool;
  const { UserPoolClients } =
    await callCognito(address, 'ListUserPoolClients', { UserPoolId: pool.Id, MaxResults: 60 });
  const client = UserPoolClients.find((existing) => existing.ClientName === ClientName) ?? (
    await callCognito(address, 'CreateUserPoolClient', { UserPoolId: pool.Id, ClientName })
  ).UserPoolClient;
  await callCognito(address, 'CreateIdentityProvider', {
    UserPoolId: pool.Id,
    ProviderName: PROVIDER,
    ProviderType: 'SAML',
  });
  return { pool: pool.Id, client: client.ClientId };
}

async function callCognito(address, operation, input) {
  const response = await fetch(`http://${address}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify(input),
    signal: stopping.signal,
  });
  if (!response.ok) throw new Error(`cognito-local refused ${operation}: ${await response.text()}`);
  return response.json();
}

function welcome(env, lambda) {
  const { USHER, COGNITO, DYNAMODB, DNS, DNS_RECORDS, EVENTS, USER_POOL_ID, CLIENT_ID } = env;
  const file = relative(ROOT, envFile);
  return `
Usher is ready. Everything listens on this machine only, without authentication.

  Console            ${USHER}/console
  Management API     ${USHER}
  Cognito            ${COGNITO}   user pool ${USER_POOL_ID}, client ${CLIENT_ID},
                     identity provider ${PROVIDER}
  DynamoDB           ${DYNAMODB}   table usher
  DNS                ${DNS}   TXT records are added at ${DNS_RECORDS}
  Events             ${EVENTS}
  Lambda Invoke API  http://${lambda}   functions ${Object.values(TRIGGERS).join(', ')}, check-email-domains

To sign up, in another terminal in this folder (the confirmation code is always ${CODE}):

source ${file}
curl $COGNITO -H content-type:application/x-amz-json-1.1 \\
  -H x-amz-target:AWSCognitoIdentityProviderService.SignUp -d @- <<JSON
{ "ClientId": "$CLIENT_ID", "Username": "jane@acme.example", "Password": "Correct-Horse-9",
  "UserAttributes": [{ "Name": "email_verified", "Value": "true" }] }
JSON
curl $COGNITO -H content-type:application/x-amz-json-1.1 \\
  -H x-amz-target:AWSCognitoIdentityProviderService.ConfirmSignUp -d @- <<JSON
{ "ClientId": "$CLIENT_ID", "Username": "jane@acme.example", "ConfirmationCode": "${CODE}" }
JSON

To sign in, and get an ID token that has the memberships as claims:

curl $COGNITO -H content-type:application/x-amz-json-1.1 \\
  -H x-amz-target:AWSCognitoIdentityProviderService.InitiateAuth -d @- <<JSON
{ "ClientId": "$CLIENT_ID", "AuthFlow": "USER_PASSWORD_AUTH",
  "AuthParameters": { "USERNAME": "jane@acme.example", "PASSWORD": "Correct-Horse-9" } }
JSON

README.md has the whole tour. Ctrl-C stops everything. The next run starts empty, unless KEEP=1.
`;
}
