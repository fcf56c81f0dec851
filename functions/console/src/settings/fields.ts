import type { Organization } from '../api/types';
import { indented } from '../organizations/customData';

/** An organization's settings in the form they are edited in. */
export interface Fields {
  name: string;
  description: string;
  /** As JSON text. */
  customData: string;
}

export function fieldsOf({ name, description, customData }: Organization): Fields {
  return { name, description: description ?? '', customData: indented(customData) };
}

export function isSame(one: Fields, other: Fields): boolean {
  return (
    one.name === other.name &&
    one.description === other.description &&
    one.customData === other.customData
  );
}

/** Why a text is not a JSON object; nothing if it is one. */
export function customDataReason(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? undefined : 'Custom data must be a JSON object: { … }.';
  } catch (error) {
    return error instanceof SyntaxError ? `This is not JSON: ${error.message}.` : String(error);
  }
}

/** The body of a `PATCH`: only what has changed, with custom data as JSON text. */
export function changedFields(before: Fields, after: Fields) {
  return {
    ...(after.name !== before.name && { name: after.name }),
    ...(after.description !== before.description && { description: after.description || null }),
    ...(after.customData !== before.customData && { customData: after.customData }),
  };
}
