import { Menu, Pill } from '@mantine/core';
import { IconShield, IconUserMinus } from '@tabler/icons-react';
import type { ComponentProps } from 'react';
import type { Member } from '../api/types';
import classes from '../ui/list.module.css';
import { DangerItem, RowMenu } from '../ui/RowMenu';
import { ShowMore } from '../ui/ShowMore';
import { When } from '../ui/When';
import { howJoined, nameOf } from './provenance';

interface Props {
  members: readonly Member[];
  pages: ComponentProps<typeof ShowMore>['pages'];
  onChangeRoles: (member: Member) => void;
  onRemove: (member: Member) => void;
}

export function MembersTable({ members, pages, onChangeRoles, onRemove }: Props) {
  return (
    <>
      <table className={classes.table} aria-label="Members">
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">Roles</th>
            <th scope="col">Joined</th>
            <th scope="col">
              <span className={classes.hidden}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={member.id}>
              <td>
                <span className={classes.main}>{nameOf(member)}</span>
              </td>
              <td>
                <Roles of={member} />
              </td>
              <td>
                {howJoined(member.provenance)}
                <div className={classes.dim}>
                  <When at={member.joinedAt} />
                </div>
              </td>
              <td className={classes.actions}>
                <RowMenu of={nameOf(member)}>
                  <Menu.Item
                    leftSection={<IconShield size={16} />}
                    onClick={() => onChangeRoles(member)}
                  >
                    Change roles
                  </Menu.Item>
                  <DangerItem
                    leftSection={<IconUserMinus size={16} />}
                    onClick={() => onRemove(member)}
                  >
                    Remove
                  </DangerItem>
                </RowMenu>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ShowMore pages={pages} />
    </>
  );
}

function Roles({ of: { organizationRoles } }: { of: Member }) {
  if (organizationRoles.length === 0) return <span className={classes.dim}>No roles</span>;
  return (
    <Pill.Group gap={4}>
      {organizationRoles.map(({ id, name }) => (
        <Pill key={id}>{name}</Pill>
      ))}
    </Pill.Group>
  );
}
