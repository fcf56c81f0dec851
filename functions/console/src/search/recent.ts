import { Store } from '../app/store';

const MOST = 5;

/** The IDs of the organizations that were opened since the console was loaded, the last one first. */
export const recent = new Store<readonly string[]>([]);

export function remember(organizationId: string) {
  const others = recent.value.filter((id) => id !== organizationId);
  recent.value = [organizationId, ...others].slice(0, MOST);
}
