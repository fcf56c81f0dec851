import { Modal } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Search } from './Search';

/** The search, in a dialog. */
export function SearchDialog({ onClose }: { onClose: () => void }) {
  const isPhone = useMediaQuery('(max-width: 40em)', undefined, { getInitialValueInEffect: false });
  return (
    <Modal
      opened
      onClose={onClose}
      title="Search"
      size="42rem"
      centered={false}
      yOffset="8dvh"
      fullScreen={isPhone ?? false}
    >
      <Search onOpen={onClose} />
    </Modal>
  );
}
