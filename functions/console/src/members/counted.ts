/** `1 member`, `1,200 members`. */
export function counted(count: number, what = 'member'): string {
  return `${count.toLocaleString()} ${what}${count === 1 ? '' : 's'}`;
}
