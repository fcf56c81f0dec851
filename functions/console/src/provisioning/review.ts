import { ownOf } from './own';
import { meantBy, SEVERAL_WORDS } from './pasted';
import type { Refused } from './refusals';

/** What would become of each part of a text. */
export interface Review {
  /** The domains that would be added. */
  added: string[];
  /** The domains that the list has already. */
  listed: string[];
  /** The parts that cannot be added as they stand, with the reason of each. Some can be mended. */
  refused: Refused;
}

/** The texts that the API has to judge before {@link reviewOf}. */
export function judged(parts: readonly string[]): string[] {
  return [...new Set(parts.map((part) => meantBy(part)?.domain ?? part))];
}

/**
 * Looks at the parts of a text before they are added.
 *
 * @param codes why the API refuses some of the {@link judged} texts
 */
export function reviewOf(
  parts: readonly string[],
  list: readonly string[],
  codes: Refused,
): Review {
  const known = new Set(list);
  const [added, listed] = [new Set<string>(), new Set<string>()];
  const refused: [string, string][] = [];
  for (const part of parts) {
    const { domain, mending } = meantBy(part) ?? {};
    const code = whyNot(part, domain, codes) ?? mending;
    if (code !== undefined) refused.push([part, code]);
    else if (domain !== undefined) (known.has(domain) ? listed : added).add(domain);
  }
  return { added: [...added], listed: [...listed], refused: Object.fromEntries(refused) };
}

/** Why a part cannot be added, also if it is mended. */
function whyNot(part: string, domain: string | undefined, codes: Refused): string | undefined {
  if (domain !== undefined) return ownOf(codes, domain);
  return /\s/.test(part) ? SEVERAL_WORDS : (ownOf(codes, part) ?? 'email_domain.invalid');
}
