/** Where keys have another meaning. Nothing is typed into a checkbox or a radio button. */
const FIELDS = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]';
const LAYERS = '[role="dialog"], [role="alertdialog"], [role="menu"]';

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** The shortcuts as `aria-keyshortcuts` has them. */
export const SHORTCUTS = MAC ? '/ Meta+K' : '/ Control+K';

/**
 * Whether a key opens the search: `/` where nothing is typed, or Ctrl-K (⌘K on a Mac) also in a
 * field. In a dialog or a menu, keys belong to it.
 */
export function opensSearch(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing || event.repeat) return false;
  if (document.querySelector(LAYERS)) return false;
  const { key, altKey, target } = event;
  const [command, other] = MAC ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  if (altKey || other) return false;
  if (command) return key.toLowerCase() === 'k' && !event.shiftKey;
  // Some keyboards have `/` on Shift and 7.
  return key === '/' && !(target instanceof Element && target.closest(FIELDS));
}
