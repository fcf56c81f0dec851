import { Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import { FullPage } from '../ui/FullPage';

/** After how many milliseconds the start takes longer than usual. */
const USUAL = 5_000;

/** Shown until the console knows whether somebody is signed in. */
export function Starting() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), USUAL);
    return () => clearTimeout(timer);
  }, []);
  return (
    <FullPage title="Usher is starting">
      <Loader size="sm" aria-hidden />
      <p role="status">
        {late && 'This takes longer than usual. Check your connection, or wait a moment longer.'}
      </p>
    </FullPage>
  );
}
