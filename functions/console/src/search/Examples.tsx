import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { isNotFound } from '../api/problem';
import { useStore } from '../app/store';
import { organizationQuery } from '../organizations/queries';
import { Part } from './Part';
import { recent } from './recent';
import { useResult } from './result';
import classes from './Search.module.css';

const EXAMPLES = [
  ['Acm', 'an organization, by the beginning of its name or by its ID'],
  ['view', 'a role, by any part of its name or by its ID'],
  ['acme.com', 'an email domain: the organizations that list it'],
  [
    'jane@acme.com',
    'a person, by the whole address: where they belong, and where they would be admitted',
  ],
  ['5b0f6c1e-9d0c-…', 'a user, by the whole ID'],
] as const;

/** What can be found. */
export function Examples() {
  return (
    <>
      <Recent />
      <Part title="What you can search for">
        <dl className={classes.examples}>
          {EXAMPLES.map(([text, what]) => (
            <div key={text}>
              <dt>
                <code>{text}</code>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </Part>
    </>
  );
}

/** The organizations that were opened last and still exist. */
function Recent() {
  const ids = useStore(recent, (all) => all);
  const result = useResult();
  const organizations = useQueries({ queries: ids.map(organizationQuery) }).flatMap(
    ({ data, error }) => (data && !isNotFound(error) ? data : []),
  );
  if (organizations.length === 0) return null;
  return (
    <Part title="Opened recently">
      <ul className={classes.list}>
        {organizations.map(({ id, name }) => (
          <li key={id}>
            <Link to="/organizations/$organizationId" params={{ organizationId: id }} {...result}>
              <span>{name}</span>
              <code>{id}</code>
            </Link>
          </li>
        ))}
      </ul>
    </Part>
  );
}
