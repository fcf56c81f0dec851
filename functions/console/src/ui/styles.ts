/** The links to style sheets that could not be loaded. */
const missing = new Set<HTMLLinkElement>();

/** Notes from now on which style sheets cannot be loaded. */
export function watchStyles() {
  const note = ({ target }: Event) => {
    if (!(target instanceof HTMLLinkElement) || target.rel !== 'stylesheet') return;
    target.remove();
    missing.add(target);
  };
  // These events do not bubble.
  document.head.addEventListener('error', note, { capture: true });
}

/**
 * Loads again the style sheets that could not be loaded. Vite asks for each of them once: the next
 * attempt to load a part would succeed without them.
 *
 * @throws Error if one of them cannot be loaded this time either
 */
export async function loadMissingStyles() {
  await Promise.all([...missing].map(loadAgain));
}

function loadAgain(link: HTMLLinkElement): Promise<void> {
  missing.delete(link);
  // A link that has failed does not load again.
  const again = link.cloneNode() as HTMLLinkElement;
  return new Promise((resolve, reject) => {
    again.addEventListener('load', () => resolve());
    again.addEventListener('error', () => reject(new Error(`No style sheet at ${again.href}`)));
    document.head.append(again);
  });
}
