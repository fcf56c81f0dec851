import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useDeferredValue, useMemo } from 'react';
import { useSearchText } from '../ui/useSearchText';
import { MembersList } from './MembersList';
import { MembersToolbar } from './MembersToolbar';
import type { MembersSearch } from './search';

const ROUTE = '/organizations/$organizationId/members';

/** The members of an organization. What is searched for is part of the page's address. */
export function MembersTab() {
  const { organizationId } = useParams({ from: ROUTE });
  const { q = '', role, joined } = useSearch({ from: ROUTE });
  const navigate = useNavigate({ from: ROUTE });
  const filters = useMemo(
    () => ({ ...(role && { role }), ...(joined && { joined }) }),
    [role, joined],
  );
  const show = (next: MembersSearch, replace = false) => void navigate({ search: next, replace });
  const [text, change, apply] = useSearchText(q, (next) =>
    show({ ...filters, ...(next && { q: next }) }, true),
  );
  const clear = useCallback(() => void navigate({ search: {} }), [navigate]);
  return (
    <>
      <MembersToolbar
        organizationId={organizationId}
        text={text}
        onText={change}
        onLeave={apply}
        filters={filters}
        onFilters={(next) => show({ ...next, ...(q && { q }) })}
      />
      <MembersList
        organizationId={organizationId}
        filters={filters}
        text={useDeferredValue(text.trim())}
        settled={q}
        onClear={clear}
      />
    </>
  );
}
