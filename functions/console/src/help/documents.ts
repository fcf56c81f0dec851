import { documents } from 'virtual:help';
import type { HelpDocument } from '../../build/help.ts';

interface Group {
  title: string;
  /** What each document is about, by its name. */
  about: Record<string, string>;
}

/** The documents by whom they are for. The records of decisions are listed by `decisions`. */
export const GROUPS: Group[] = [
  {
    title: 'For people who administer organizations',
    about: {
      security: 'Who can become a member, what is kept about people, and how a person is deleted.',
      tokens: 'When a change reaches the application, and what a token says about its user.',
      errors: 'Every problem code, with what it means and what to do.',
    },
  },
  {
    title: 'For operators of Usher',
    about: {
      operations: 'Logs, alarms, deploying, rolling back, backups and restoring.',
      parameters: 'The settings of the stack, such as trusted providers and public domains.',
      'given-user-pool': 'How to attach Usher to a user pool that you already have.',
      'verify-account': 'What to check once in an AWS account after the first deployment.',
      upgrading: 'What a release changes in an existing stack.',
      scale: 'What Usher costs, and what its limits are.',
    },
  },
  {
    title: 'For developers',
    about: {
      clients: 'How to generate a client for the API, and how a program gets a token.',
      events: 'What Usher tells applications: each event, how to receive it, and what is promised.',
      logto: 'Where the API differs from Logto’s Management API.',
      architecture: 'How Usher is built, what its words mean, and what always holds.',
      decisions: 'What was decided, and why.',
      aws: 'Prices, quotas and behaviour of AWS, with their sources.',
    },
  },
];

/** The title of a document. */
export function titleOf(name: string): string {
  return documents[name]?.title ?? name;
}

/** A document; nothing if there is none of this name. */
export async function loadDocument(name: string): Promise<HelpDocument | undefined> {
  if (!Object.hasOwn(documents, name)) return undefined;
  return (await documents[name]?.load())?.document;
}
