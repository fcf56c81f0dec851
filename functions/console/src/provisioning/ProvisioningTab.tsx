import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Loaded } from '../ui/Loaded';
import { Editor } from './Editor';
import { configurationQuery } from './queries';

/** Who becomes a member of an organization by email address, and with which roles. */
export function ProvisioningTab() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const configuration = useQuery(configurationQuery(organizationId));
  return (
    <Loaded query={configuration} of="the provisioning" shape="form">
      {(saved) => <Editor organizationId={organizationId} saved={saved} />}
    </Loaded>
  );
}
