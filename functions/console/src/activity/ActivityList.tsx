import { Button, VisuallyHidden } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { isNotFound, problemOf } from '../api/problem';
import type { Activity } from '../api/types';
import { counted } from '../organizations/counts';
import { rolesQuery } from '../roles/queries';
import { type Columns, DataTable } from '../ui/DataTable';
import { Loaded } from '../ui/Loaded';
import { useFirstItem } from '../ui/useFirstItem';
import { When } from '../ui/When';
import classes from './Activity.module.css';
import { What, Who, Why } from './Entry';
import { type Source, shownQuery } from './queries';
import { sentenceOf, textOf } from './sentences';
import { useNews } from './useNews';

interface Props {
  source: Source;
  label: string;
  /** What to show instead of an empty list. */
  empty: ReactNode;
  /** What each entry belongs to, as a column, if the entries belong to several organizations. */
  place?: (entry: Activity) => ReactNode;
  /** Is called if what the list belongs to was deleted. */
  onGone?: () => void;
}

/**
 * What has happened, the newest first. New entries are added by themselves while the reader is at the
 * top of the list. Else a button says how many there are: what is read stays where it is.
 */
export function ActivityList({ source, label, empty, place, onGone }: Props) {
  const shown = useInfiniteQuery(shownQuery(source));
  const list = useRef<HTMLDivElement>(null);
  const { waiting, isMore, added, error, take } = useNews(source, shown.data, list);
  const columns = useColumns(place);
  const gone = isNotFound(error);
  useEffect(() => {
    if (gone) onGone?.();
  }, [gone, onGone]);
  const showNews = () => {
    take();
    list.current?.scrollIntoView({ block: 'start' });
    list.current?.focus({ preventScroll: true });
  };
  const news = `${waiting.toLocaleString('en')}${isMore ? ' or more' : ''} new`;
  return (
    <>
      <div className={classes.fresh} role="status">
        {waiting > 0 && (
          <Button size="compact-md" leftSection={<IconArrowUp size={16} />} onClick={showNews}>
            {news}
          </Button>
        )}
        {waiting === 0 && added.length > 0 && (
          <VisuallyHidden>{`New: ${added.map((entry) => textOf(sentenceOf(entry))).join('. ')}`}</VisuallyHidden>
        )}
      </div>
      {Boolean(error) && shown.data && !gone && (
        <p className={classes.failed} role="alert">
          New activity cannot be read at the moment. {problemOf(error).title}.
        </p>
      )}
      <div ref={list} className={classes.list} tabIndex={-1}>
        <Loaded query={useFirstItem(shown)} of="the activity" empty={empty}>
          {(rows) => (
            <DataTable
              label={label}
              rows={rows}
              columns={columns}
              shares={SHARES}
              wraps
              pages={shown}
              end={rows.length > 20 && `All ${counted(rows.length, 'entry', 'entries')} are shown.`}
            />
          )}
        </Loaded>
      </div>
    </>
  );
}

const SHARES = { What: '50%', Who: '20%', Why: '30%' };

function useColumns(place: Props['place']): Columns<Activity> {
  const { data: roles } = useQuery(rolesQuery);
  return useMemo(() => {
    const names = new Map(roles?.map(({ id, name }) => [id, name]));
    const roleName = (id: string) => names.get(id) ?? id;
    return {
      What: (entry) => <What of={entry} roleName={roleName} />,
      ...(place && { Organization: place }),
      Who: (entry) => <Who of={entry} />,
      Why: (entry) => <Why of={entry} />,
      When: ({ time }) => <When at={time} />,
    };
  }, [roles, place]);
}
