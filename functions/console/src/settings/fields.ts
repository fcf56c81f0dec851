import type { Organization } from '../api/types';
import type { Texts } from '../conflict/fields';
import { indented } from '../organizations/customData';

/** An organization's settings as they are edited: custom data is JSON text. */
export type Settings = Texts<'name' | 'description' | 'customData'>;
export type SettingsField = keyof Settings;

export function settingsOf({ name, description, customData }: Organization): Settings {
  return { name, description: description ?? '', customData: indented(customData) };
}

/** Settings as the API stores them, so that what was saved and what is read are the same. */
export function normalised({ name, description, customData }: Settings): Settings {
  return {
    name: name.trim().normalize(),
    description: description.trim().normalize(),
    customData: indented(customData),
  };
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

/** The body of a `PATCH` but for custom data. An empty description is sent as `null`. */
export function bodyOf({ name, description }: Partial<Settings>) {
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description: description || null }),
  };
}
