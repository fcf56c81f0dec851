const LONGEST_WHOLE = 24;
/** What a program made: hexadecimal digits, after a prefix that names the kind. */
const GENERATED = /^(?:[a-z]{1,8}_)?[0-9a-f]{8}/;

/**
 * An id in three parts. Where there is little room, the middle one is left out. It is empty if the
 * id is short. Of an id that somebody chose, more stays in view.
 */
export function partsOf(id: string): [head: string, middle: string, tail: string] {
  if (id.length <= LONGEST_WHOLE) return [id, '', ''];
  const [generated] = GENERATED.exec(id) ?? [];
  const [head, tail] = generated ? [generated.length, 4] : [14, 8];
  return [id.slice(0, head), id.slice(head, -tail), id.slice(-tail)];
}
