/** The links to style sheets that could not be loaded, by address. */
const missing = new Map<string, HTMLLinkElement>();

/** The style sheets that the last attempt to load a part has not got, by the function that loads it. */
const lacking = new WeakMap<() => Promise<unknown>, ReadonlySet<string>>();

/** Notes from now on which style sheets cannot be loaded. */
export function watchStyles() {
  const note = ({ target }: Event) => {
    if (!(target instanceof HTMLLinkElement) || target.rel !== 'stylesheet') return;
    target.remove();
    missing.set(target.href, target);
  };
  // These events do not bubble.
  document.head.addEventListener('error', note, { capture: true });
}

/**
 * Loads the code of a part, and the style sheets that it has not got at an earlier attempt: Vite asks
 * for each of them once, so the next attempt would succeed without them. Those of other parts are asked
 * for again too, and not waited for.
 *
 * @param load always the same function for the same part
 * @throws Error if the code or one of its style sheets cannot be loaded
 */
export async function loadWithStyles<T>(load: () => Promise<T>): Promise<T> {
  const before = new Set(missing.keys());
  const own: Promise<void>[] = [];
  for (const [href, link] of [...missing]) {
    const again = loadAgain(link);
    if (lacking.get(load)?.has(href)) own.push(again);
    else again.catch(() => {});
  }
  await Promise.all(own);
  try {
    return await load();
  } catch (error) {
    lacking.set(load, new Set([...missing.keys()].filter((href) => !before.has(href))));
    throw error;
  }
}

function loadAgain(link: HTMLLinkElement): Promise<void> {
  missing.delete(link.href);
  // A link that has failed does not load again.
  const again = link.cloneNode() as HTMLLinkElement;
  return new Promise((resolve, reject) => {
    again.addEventListener('load', () => resolve());
    again.addEventListener('error', () => reject(new Error(`No style sheet at ${again.href}`)));
    document.head.append(again);
  });
}
