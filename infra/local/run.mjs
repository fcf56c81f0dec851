// Usher on this machine: usher-local, and a Cognito emulator that calls its triggers as Cognito
// would. `make run` starts it; `make help` lists the settings, which come from the environment. With
// SAM, the template that `sam build` wrote (`make sam-local`), the functions run from what was built,
// in containers, and only DynamoDB is usher-local's.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOST = '127.0.0.1';
const CODE = '123456';
const PORTS = { HTTP_PORT: 3000, DYNAMODB_PORT: 8000, LAMBDA_PORT: 3001, COGNITO_PORT: 9229 };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COGNITO_LOCAL = join(ROOT, 'infra/local/cognito/node_modules/cognito-local/lib/bin/start.js');
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

// Aborted once, with an error or, when somebody asked for the end, without: that ends the children.
const over = new AbortController();
const children = [];
let announcing = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => over.abort(null));
}

bringUp().catch((error) => over.abort(error));
if (!over.signal.aborted) await once(over.signal, 'abort');
await Promise.all(children.map((child) => child.ended));
if (announcing) await rm(envFile, { force: true });
const error = over.signal.reason;
if (error) {
  console.error(`make run: ${error.message}`);
  process.exitCode = 1;
} else {
  console.log('\nUsher has ended.');
}

async function bringUp() {
  await refuseSecondRun();
  const ports = await freePorts();
  if (!process.env.KEEP) await forget();
  await mkdir(join(folder, '.cognito'), { recursive: true });

  // Each needs to know the other. Cognito comes first: where the triggers will listen can be settled
  // beforehand, but the emulator alone chooses the user pool's id.
  const cognito = await startCognito(ports);
  const { pool, client } = await userPool(cognito);
  const usher = await (SAM ? startSam : startUsher)(ports, cognito, pool);
  const env = {
    USHER: `http://${usher.http}`,
    COGNITO: `http://${cognito}`,
    DYNAMODB: `http://${usher.dynamodb}`,
    USER_POOL_ID: pool,
    CLIENT_ID: client,
  };
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  announcing = true;
  await writeFile(envFile, lines.join(''));
  console.log(welcome(env, usher.lambda));
}

/** Deletes the data of the last run, by name: whatever else is in the folder stays. */
async function forget() {
  const files = ['', '-journal', '-shm', '-wal'].map((suffix) => database + suffix);
  for (const path of [join(folder, '.cognito'), ...files]) {
    await rm(path, { recursive: true, force: true });
  }
}

/** The ports, once it is sure that those that were not left to chance are free. */
async function freePorts() {
  const ports = {};
  const taken = [];
  for (const [name, usual] of Object.entries(PORTS)) {
    const port = Number(process.env[name] || usual);
    if (!(Number.isInteger(port) && port >= 0 && port < 65536)) {
      throw new Error(`${name} is a port, 0 to 65535 (0: any free one), not ${process.env[name]}`);
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
  // The emulator is told of the triggers' port before they listen there, and sam of both of its own.
  // So they are settled here, and below the ports that the system gives to others meanwhile.
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

/** Two runs on one folder would take each other's data away. */
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
    throw new Error(`${here} is in use by the Usher at ${url}: stop that one first`);
  }
}

/** Starts usher-local, and answers where its three servers listen. */
async function startUsher({ HTTP_PORT, DYNAMODB_PORT, LAMBDA_PORT }, cognito, pool) {
  // `cargo run` finds the binary wherever Cargo puts it, and becomes that binary: same process.
  const usher = start('usher-local', 'cargo', [
    ...['run', '--quiet', '--locked', '--package', 'usher-local', '--'],
    ...['--http', `${HOST}:${HTTP_PORT}`],
    ...['--dynamodb', `${HOST}:${DYNAMODB_PORT}`],
    ...['--lambda', `${HOST}:${LAMBDA_PORT}`],
    ...['--database', database],
    ...['--cognito', `http://${cognito}`, '--user-pool', pool],
  ], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  return announced(usher, /^ready http=(?<http>\S+) dynamodb=(?<dynamodb>\S+) lambda=(?<lambda>\S+)\n/m);
}

/** Starts sam over usher-local's DynamoDB, and answers where all three listen. */
async function startSam({ HTTP_PORT, DYNAMODB_PORT, LAMBDA_PORT }, cognito, pool) {
  // Nobody is told where usher-local's own functions listen.
  const unused = { HTTP_PORT: 0, LAMBDA_PORT: 0 };
  const { dynamodb } = await startUsher({ ...unused, DYNAMODB_PORT }, cognito, pool);
  const addresses = { http: `${HOST}:${HTTP_PORT}`, lambda: `${HOST}:${LAMBDA_PORT}`, dynamodb };
  const sam = start('sam local', join(ROOT, '.venv/bin/python'), [
    ...['-B', join(ROOT, 'infra/local/sam.py'), 'serve', '--template', SAM, '--folder', folder],
    ...['--http', addresses.http, '--lambda', addresses.lambda],
    ...['--dynamodb', dynamodb, '--cognito', cognito, '--user-pool', pool],
  ], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', process.env.VERBOSE ? 'inherit' : openSync(join(folder, 'sam.log'), 'w')],
  });
  await announced(sam, /^ready\n/m);
  return addresses;
}

/** Starts cognito-local, and answers where it listens. */
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
  const { address } = await announced(cognito, /running on http:\/\/(?<address>[\d.]+:\d+)\D/);
  return address;
}

/** Starts a child that ends with everything else, and with which everything else ends. */
function start(name, command, args, options) {
  const child = spawn(command, args, { ...options, signal: over.signal });
  child.once('error', (error) => over.abort(error));
  // One that could not be started has no id, and never exits.
  child.ended = child.pid && new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      over.abort(new Error(`${name} has ended (${signal ?? `exit status ${code}`}), so all ends`));
      resolve();
    });
  });
  children.push(child);
  return child;
}

/** What a child's output says where it matches. */
function announced(child, pattern) {
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

/** The user pool and its client: those of the last run, if its data was kept. */
async function userPool(address) {
  const PoolName = 'usher-users';
  const ClientName = 'app';
  const { UserPools } = await ask(address, 'ListUserPools', { MaxResults: 60 });
  // As in infra/identity.yaml, as far as the emulator knows of it.
  const pool = UserPools.find(({ Name }) => Name === PoolName) ?? (
    await ask(address, 'CreateUserPool', {
      PoolName,
      UsernameAttributes: ['email'],
      AutoVerifiedAttributes: ['email'],
    })
  ).UserPool;
  const { UserPoolClients } =
    await ask(address, 'ListUserPoolClients', { UserPoolId: pool.Id, MaxResults: 60 });
  const client = UserPoolClients.find((known) => known.ClientName === ClientName) ?? (
    await ask(address, 'CreateUserPoolClient', { UserPoolId: pool.Id, ClientName })
  ).UserPoolClient;
  return { pool: pool.Id, client: client.ClientId };
}

async function ask(address, operation, input) {
  const response = await fetch(`http://${address}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify(input),
    signal: over.signal,
  });
  if (!response.ok) throw new Error(`cognito-local refused ${operation}: ${await response.text()}`);
  return response.json();
}

function welcome({ USHER, COGNITO, DYNAMODB, USER_POOL_ID, CLIENT_ID }, lambda) {
  const env = relative(ROOT, envFile);
  return `
Usher is ready. Everything listens on this machine only, and asks nobody who they are.

  Console            ${USHER}/console/
  Management API     ${USHER}
  Cognito            ${COGNITO}   user pool ${USER_POOL_ID}, client ${CLIENT_ID}
  DynamoDB           ${DYNAMODB}   table usher
  Lambda Invoke API  http://${lambda}   functions ${Object.values(TRIGGERS).join(', ')}

To sign up, in another terminal in this folder (the confirmation code is always ${CODE}):

source ${env}
curl $COGNITO -H content-type:application/x-amz-json-1.1 \\
  -H x-amz-target:AWSCognitoIdentityProviderService.SignUp -d @- <<JSON
{ "ClientId": "$CLIENT_ID", "Username": "jane@acme.example", "Password": "Correct-Horse-9",
  "UserAttributes": [{ "Name": "email_verified", "Value": "true" }] }
JSON
curl $COGNITO -H content-type:application/x-amz-json-1.1 \\
  -H x-amz-target:AWSCognitoIdentityProviderService.ConfirmSignUp -d @- <<JSON
{ "ClientId": "$CLIENT_ID", "Username": "jane@acme.example", "ConfirmationCode": "${CODE}" }
JSON

To sign in, with memberships as claims of the ID token that comes back:

curl $COGNITO -H content-type:application/x-amz-json-1.1 \\
  -H x-amz-target:AWSCognitoIdentityProviderService.InitiateAuth -d @- <<JSON
{ "ClientId": "$CLIENT_ID", "AuthFlow": "USER_PASSWORD_AUTH",
  "AuthParameters": { "USERNAME": "jane@acme.example", "PASSWORD": "Correct-Horse-9" } }
JSON

README.md has the whole tour. Ctrl-C ends everything; the next run starts empty, unless KEEP=1.
`;
}
