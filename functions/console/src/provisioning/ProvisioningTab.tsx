import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Card } from '../ui/Card';
import { ErrorState } from '../ui/ErrorState';
import { LoadingRows } from '../ui/LoadingRows';
import { Editor } from './Editor';
import { configurationQuery } from './queries';

/** Who becomes a member of an organization by their address, and with which roles. */
export function ProvisioningTab() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const { data, error, refetch } = useQuery(configurationQuery(organizationId));
  if (data) return <Editor organizationId={organizationId} saved={data} />;
  return (
    <Card>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <LoadingRows of="the provisioning" />
      )}
    </Card>
  );
}
