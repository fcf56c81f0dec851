// Starts what `make run` starts: Usher with the console, and a Cognito emulator.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Starts everything, and returns a function that stops it. */
export default async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'usher-console-'));
  const child = spawn(process.execPath, [join(ROOT, 'infra/local/run.mjs')], {
    env: {
      ...process.env,
      RUN_DIR: folder,
      HTTP_PORT: '0',
      DYNAMODB_PORT: '0',
      LAMBDA_PORT: '0',
      COGNITO_PORT: '0',
    },
    stdio: ['ignore', 'pipe', process.env.VERBOSE ? 'inherit' : 'ignore'],
  });
  await output(child, /Usher is ready/);
  // The processes of the tests inherit these variables.
  for (const line of (await readFile(join(folder, 'env'), 'utf8')).trim().split('\n')) {
    const [name, value] = line.split('=', 2);
    if (name && value) process.env[name] = value;
  }
  return async () => {
    await end(child);
    await rm(folder, { recursive: true });
  };
}

/** Waits until the output of a process matches a pattern, and returns the match. */
export function output(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', () => reject(new Error(`the process ended: ${text}`)));
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
  });
}

export async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
