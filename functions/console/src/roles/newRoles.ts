// A selection of roles is a list of ids. A role that is created only when the selection is saved has
// no id yet: its name stands in, after a mark that no id begins with.

const MARK = 'new:';

/** What stands for a new role in a selection. */
export function newRole(name: string): string {
  return MARK + name;
}

/** The name of a new role; nothing if this is the id of a stored role. */
export function newRoleName(id: string): string | undefined {
  return id.startsWith(MARK) ? id.slice(MARK.length) : undefined;
}

/** The ids of the new roles that are stored by now. */
export type StoredRoles = ReadonlyMap<string, string>;

/** A selection with the ids of the new roles that are stored by now. */
export function withStored(selection: readonly string[], stored: StoredRoles): string[] {
  return [...new Set(selection.map((id) => stored.get(id) ?? id))];
}
