import { FormModal } from '../ui/FormModal';
import { vouch } from './queries';

interface Props {
  organizationId: string;
  domain: string;
  onClose: () => void;
}

/** Asks before somebody answers for a domain. */
export function Vouch({ organizationId, domain, onClose }: Props) {
  const submit = async () => {
    await vouch(organizationId, domain);
    return `${domain} is vouched for. Users join by it from now on.`;
  };
  return (
    <FormModal
      title={`Vouch for ${domain}?`}
      act="Vouch for it"
      initialValues={{}}
      onSubmit={submit}
      onClose={onClose}
    >
      {() => (
        <div>
          You vouch that the organization owns this domain, and that everybody with an address in it
          may join. Usher then admits them without a DNS record. It is recorded that you did this.
        </div>
      )}
    </FormModal>
  );
}
