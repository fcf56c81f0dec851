import { Button } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Notice } from '../ui/Notice';
import { Page } from '../ui/Page';

export function NotFound() {
  return (
    <Page title="Nothing here">
      <Notice
        icon={IconMapQuestion}
        title="This page does not exist"
        action={
          <Button component={Link} to="/organizations">
            Go to the organizations
          </Button>
        }
      >
        The address may be wrong, or the page was deleted.
      </Notice>
    </Page>
  );
}
