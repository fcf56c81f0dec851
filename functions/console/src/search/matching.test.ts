import { expect, it } from 'vitest';
import { matchingRoles } from './matching';

const roles = ['Reviewer', 'Viewer', '100%'].map((name) => ({
  id: `role_${name.length}`,
  name,
  description: null,
  createdAt: '',
}));
const names = (text: string) => matchingRoles(roles, text).map(({ name }) => name);

it('finds roles by any part of their names, the likeliest first, and by the whole ID', () => {
  expect(names('view')).toEqual(['Viewer', 'Reviewer']);
  expect(names('%')).toEqual(['100%']);
  expect(names('role_6')).toEqual(['Viewer']);
  expect(names('role_')).toEqual([]);
});
