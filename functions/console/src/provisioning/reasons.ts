import { ApiError } from '../api/problem';

/** The API's reasons, by the item that each JSON Pointer refers to. */
export function reasonsOf(error: unknown, items: readonly string[]): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const reasons = error.violations.map(({ pointer, detail }) => {
    const [index] = /\d+$/.exec(pointer) ?? [];
    return [index === undefined ? undefined : items[Number(index)], detail];
  });
  return Object.fromEntries(reasons.filter(([item]) => item !== undefined));
}
