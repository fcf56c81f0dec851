import { describe, expect, it } from 'vitest';
import type { RoleUsage } from '../api/types';
import { usageOf } from './usage';

type Used = [usersCount: number, isDefaultRole: boolean, isRuleRole?: boolean];

const used = (counts: Used[]): RoleUsage => ({
  usersCount: counts.reduce((sum, [usersCount]) => sum + usersCount, 0),
  organizationsCount: counts.length,
  isComplete: true,
  organizations: counts.map(([usersCount, isDefaultRole, isRuleRole = false], index) => {
    const [id, name] = [`org_${index}`, `Organization ${index}`];
    return { id, name, usersCount, isDefaultRole, isRuleRole };
  }),
});

describe('the usage of a role', () => {
  it('tells who holds it from who gives it by default', () => {
    expect(
      usageOf(
        used([
          [210, true],
          [2, false],
          [0, true],
        ]),
      ),
    ).toBe(
      'This role is held by 212 members in 2 organizations. It is a default role of 2 organizations.',
    );
    expect(usageOf(used([[1, true]]))).toBe(
      'This role is held by 1 member in 1 organization. It is a default role of 1 organization.',
    );
  });

  it('names the domains and providers that give it', () => {
    expect(usageOf(used([[0, false, true]]))).toBe(
      'No member holds this role. No organization gives it by default. A domain or provider of 1 organization gives it.',
    );
    const some = used([
      [1, true, true],
      [0, false, true],
    ]);
    expect(usageOf({ ...some, isComplete: false })).toBe(
      'This role is held by at least 1 member in at least 1 organization. It is a default role of at least 1 organization. A domain or provider of at least 2 organizations gives it.',
    );
  });

  it('says that nothing uses it only if everything was counted', () => {
    expect(usageOf(used([]))).toBe(
      'No member holds this role. No organization gives it by default.',
    );
    expect(usageOf({ ...used([]), isComplete: false })).toBe(
      'No member holds this role, as far as could be counted. No organization gives it by default, as far as could be counted.',
    );
  });

  it('says "at least" for what was not counted, and for what the list leaves out', () => {
    expect(usageOf({ ...used([[5, true]]), isComplete: false })).toBe(
      'This role is held by at least 5 members in at least 1 organization. It is a default role of at least 1 organization.',
    );
    expect(usageOf({ ...used([[5, true]]), usersCount: 300, organizationsCount: 150 })).toBe(
      'This role is held by 300 members in at least 1 organization. It is a default role of at least 1 organization.',
    );
  });
});
