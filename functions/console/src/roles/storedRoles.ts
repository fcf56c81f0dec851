import { ApiError } from '../api/problem';
import type { Role } from '../api/types';
import { newRoleName, withStored } from './newRoles';
import { createRole, readRoles } from './queries';
import { isSameName } from './ranking';

/**
 * Creates the new roles of a selection, and resolves with the selection as ids. If a role of the same
 * name exists meanwhile, that role is used.
 *
 * @param onStored - Is told of each new role that is stored, also if a later one is refused.
 * @throws ApiError if a role is refused. Those before it are stored.
 */
export async function storedRoles(
  selection: readonly string[],
  onStored: (id: string, role: Role) => void = () => {},
): Promise<string[]> {
  const stored = new Map<string, string>();
  for (const id of selection) {
    const name = newRoleName(id);
    if (name === undefined) continue;
    const role = await createdOrPresent(name);
    stored.set(id, role.id);
    onStored(id, role);
  }
  return withStored(selection, stored);
}

async function createdOrPresent(name: string): Promise<Role> {
  try {
    return await createRole({ name });
  } catch (error) {
    const inUse = error instanceof ApiError && error.code === IN_USE;
    const present = inUse && (await readRoles()).find((role) => isSameName(role.name, name));
    if (present) return present;
    throw error;
  }
}

const IN_USE = 'organization_role.name_in_use';
