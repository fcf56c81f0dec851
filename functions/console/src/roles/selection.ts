import type { Role } from '../api/types';
import { newRole, newRoleName } from './newRoles';
import { isSameName, type Match, ranked, type Searchable } from './ranking';

/** What a role, stored or new, is called. */
export function roleNameOf(id: string, roles: readonly Role[]): string | undefined {
  return newRoleName(id) ?? roles.find((role) => role.id === id)?.name;
}

/** A role that can be added to a selection. */
export interface Choice {
  id: string;
  name: string;
  /** Whether it is created with the selection. */
  isNew: boolean;
  /** Whether the text probably means it, so that Enter may select it. */
  likely: boolean;
}

/** The most choices that are shown. */
const MOST_SHOWN = 50;

export interface Choices {
  shown: Choice[];
  /** How many roles fit the text, shown or not. */
  fitting: number;
}

/** What can be added to a selection, for a text. */
export function choicesFor(
  roles: readonly Searchable[],
  selection: readonly string[],
  text: string,
  creatable: boolean,
): Choices {
  const picked = new Set(selection);
  const matches = ranked(roles, text).filter(({ role }) => !picked.has(role.id));
  const shown = matches.slice(0, MOST_SHOWN).map(choiceOf);
  const isTaken =
    roles.some(({ role }) => isSameName(role.name, text)) ||
    selection.some((id) => isSameName(newRoleName(id) ?? '', text));
  if (creatable && text !== '' && !isTaken) {
    shown.push({ id: newRole(text), name: text, isNew: true, likely: matches.length === 0 });
  }
  return { shown, fitting: matches.length };
}

function choiceOf({ role: { id, name }, likely }: Match): Choice {
  return { id, name, isNew: false, likely };
}

/** What becomes of a text that is typed in a picker when the selection is saved. */
export type TakenIn = { selection: string[] } | { reason: string };

/** Takes a text into a selection if it is the name of a role that the selection does not have yet. */
export function takenInto(
  selection: readonly string[],
  text: string,
  roles: readonly Role[],
): TakenIn {
  const name = text.trim();
  if (name === '') return { selection: [...selection] };
  const picked = selection.find((id) => isSameName(roleNameOf(id, roles) ?? '', name));
  if (picked) return { reason: `“${roleNameOf(picked, roles)}” is already selected.` };
  const named = roles.find((role) => isSameName(role.name, name));
  if (named) return { selection: [...selection, named.id] };
  return { reason: `Choose a role for “${name}”, or clear the field.` };
}
