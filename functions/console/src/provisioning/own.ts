/** The value that an object has of its own under a key, which may be any text. */
export function ownOf<Value>(
  values: Readonly<Record<string, Value>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
