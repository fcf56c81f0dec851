import type { Organization } from '../api/types';

/** An organization's settings, as they are edited. */
export interface Fields {
  name: string;
  description: string;
  /** JSON text. */
  customData: string;
}

export function fieldsOf({ name, description, customData }: Organization): Fields {
  return { name, description: description ?? '', customData: JSON.stringify(customData, null, 2) };
}

export function isSame(one: Fields, other: Fields): boolean {
  return (
    one.name === other.name &&
    one.description === other.description &&
    one.customData === other.customData
  );
}

/** Why a text is no JSON object, if it is none. */
export function customDataReason(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? undefined : 'Custom data is a JSON object: { … }.';
  } catch (error) {
    return error instanceof SyntaxError ? `This is not JSON: ${error.message}.` : String(error);
  }
}

/** What to send: only what has changed. */
export function changedFields(before: Fields, after: Fields) {
  return {
    ...(after.name !== before.name && { name: after.name }),
    ...(after.description !== before.description && { description: after.description || null }),
    ...(after.customData !== before.customData && { customData: JSON.parse(after.customData) }),
  };
}
