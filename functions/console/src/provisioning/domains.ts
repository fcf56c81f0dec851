/** The domains in a text that was typed or pasted: split on commas, semicolons, spaces and lines. */
export function splitDomains(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== '');
}

/** One list after the other, without what differs only in case from something before it. */
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
