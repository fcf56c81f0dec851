/** Focuses the first field that is marked as wrong. */
export function focusInvalid(within: ParentNode) {
  within.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
