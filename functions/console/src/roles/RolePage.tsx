import { Button, Group, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { isNotFound } from '../api/problem';
import { HelpLink } from '../help/HelpLink';
import { Fact, Facts } from '../ui/Facts';
import { Gone } from '../ui/Gone';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import links from '../ui/links.module.css';
import { Page } from '../ui/Page';
import { When } from '../ui/When';
import { DeleteRole } from './DeleteRole';
import { EditRole } from './EditRole';
import { roleQuery } from './queries';
import classes from './RolePage.module.css';
import { Usage } from './Usage';

/** One organization role: what it is, and what uses it. */
export function RolePage() {
  const { organizationRoleId } = useParams({ from: '/roles/$organizationRoleId' });
  const role = useQuery(roleQuery(organizationRoleId));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<'edit' | 'delete'>();
  const close = () => setOpen(undefined);
  const leave = async () => {
    await navigate({ to: '/roles' });
    queries.removeQueries(roleQuery(organizationRoleId));
  };
  const { data, error, isPending } = role;
  const gone = data !== undefined && isNotFound(error);
  return (
    <Page
      title={data?.name ?? (isPending ? 'Loading…' : 'Organization role')}
      above={
        <Link to="/roles" className={links.back}>
          <IconArrowLeft size={16} aria-hidden /> Organization roles
        </Link>
      }
      lead={
        data && (
          <Facts>
            <Fact term="ID">
              <Id>{data.id}</Id>
            </Fact>
            <Fact term="Created">
              <When at={data.createdAt} />
            </Fact>
          </Facts>
        )
      }
      actions={
        data && (
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconPencil size={18} />}
              onClick={() => setOpen('edit')}
            >
              Edit
            </Button>
            <Button
              variant="default"
              c="var(--mantine-color-error)"
              leftSection={<IconTrash size={18} />}
              onClick={() => setOpen('delete')}
            >
              Delete
            </Button>
          </Group>
        )
      }
    >
      {gone && <Gone what="role" leave="Go to the roles" onLeave={() => void leave()} />}
      <Loaded query={role} of="the role" shape="form">
        {({ id, description }) => (
          <Stack gap="lg">
            <Text
              className={classes.description}
              c={description ? 'var(--mantine-color-text)' : 'dimmed'}
            >
              {description ?? 'This role has no description.'}
            </Text>
            <Usage of={id} />
            <p>
              <HelpLink to="tokens#when-they-change">
                When a change reaches the members’ tokens
              </HelpLink>
            </p>
          </Stack>
        )}
      </Loaded>
      {data && open === 'edit' && <EditRole role={data} onClose={close} />}
      {data && open === 'delete' && <DeleteRole role={data} onDeleted={leave} onClose={close} />}
    </Page>
  );
}
