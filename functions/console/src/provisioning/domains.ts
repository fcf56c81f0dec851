/** The domains in a typed or pasted text, separated by commas, semicolons, spaces or lines. */
export function splitDomains(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== '');
}

/** Both lists, without duplicates. Names that differ only in case are the same. */
export function joinDomains(domains: readonly string[], more: readonly string[]): string[] {
  const seen = new Set(domains.map(folded));
  const added = more.filter((domain) => {
    const name = folded(domain);
    return !seen.has(name) && seen.add(name);
  });
  return [...domains, ...added];
}

function folded(domain: string): string {
  return domain.toLowerCase();
}
