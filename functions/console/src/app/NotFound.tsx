import { Button } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Empty } from '../ui/Empty';
import { Page } from '../ui/Page';

export function NotFound() {
  return (
    <Page title="Nothing here">
      <Empty
        icon={IconMapQuestion}
        title="This page does not exist"
        action={
          <Button component={Link} to="/organizations">
            Go to the organizations
          </Button>
        }
      >
        The address may be mistyped, or what it led to was deleted.
      </Empty>
    </Page>
  );
}
