import { describe, expect, it } from 'vitest';
import { counted, membersCount, sizeOf } from './counts';

describe('counts', () => {
  it('agree with their unit', () => {
    expect([0, 1, 2, 1234].map((number) => counted(number, 'member'))).toEqual([
      '0 members',
      '1 member',
      '2 members',
      '1,234 members',
    ]);
  });

  it('of members are exact below 1,000, where the API stops counting', () => {
    expect(membersCount(999)).toEqual({ shown: '999' });
    expect(membersCount(1000)).toEqual({ shown: '1,000+', spoken: '1,000 or more' });
  });

  it('say what is deleted with an organization', () => {
    expect(sizeOf({ usersCount: 298, emailDomainsCount: 3 })).toBe('298 members, 3 domains');
    expect(sizeOf({ usersCount: 1, emailDomainsCount: 1 })).toBe('1 member, 1 domain');
    expect(sizeOf({ usersCount: 1000, emailDomainsCount: 1000 })).toBe(
      '1,000 or more members, 1,000 domains',
    );
  });
});
