/** The names of roles in a line. */
export function rolesText(roles: readonly { name: string }[]): string {
  return `Roles: ${roles.map(({ name }) => name).join(', ') || 'none'}`;
}
