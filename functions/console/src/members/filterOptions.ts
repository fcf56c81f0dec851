import { type ComboboxItem, isOptionsGroup, type OptionsFilter } from '@mantine/core';
import { inOrderOfFit } from '../roles/ranking';

/** The most options of a filter that are shown. */
const MOST_SHOWN = 50;

/**
 * The options that fit a text, the likeliest first. If these are many, a last option that cannot be
 * selected says how many are shown.
 */
export const fittingOptions: OptionsFilter = ({ options, search }) => {
  let left = MOST_SHOWN;
  let fitting = 0;
  const cut = (items: ComboboxItem[]) => {
    const found = inOrderOfFit(items, ({ label }) => label, search);
    const shown = found.slice(0, left);
    left -= shown.length;
    fitting += found.length;
    return shown;
  };
  const ungrouped = cut(
    options.filter((option): option is ComboboxItem => !isOptionsGroup(option)),
  );
  const groups = options
    .filter((option) => isOptionsGroup(option))
    .map(({ group, items }) => ({ group, items: cut(items) }))
    .filter(({ items }) => items.length > 0);
  const shown = MOST_SHOWN - left;
  const label = `${shown} of ${fitting.toLocaleString()} shown: type more`;
  const more = fitting > shown ? [{ value: '', label, disabled: true }] : [];
  return [...ungrouped, ...groups, ...more];
};
