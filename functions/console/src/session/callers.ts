import type { Caller } from '../api/types';
import { session } from './session';

/** Who a caller is: the user of the console, another operator, or a program. */
export interface KnownCaller {
  kind: 'you' | 'operator' | 'client';
  id: string;
}

/** A program gets its tokens as an app client, whose id is then their subject too. */
export function knownCaller({ clientId, subject }: Caller): KnownCaller {
  const id = subject ?? clientId ?? '';
  if (id === session.value.login?.subject) return { kind: 'you', id };
  return { kind: id === clientId ? 'client' : 'operator', id };
}

/** Who a caller is, within a sentence. */
export function callerText(caller: Caller): string {
  const { kind, id } = knownCaller(caller);
  return kind === 'you' ? kind : `the ${kind} ${id}`;
}
