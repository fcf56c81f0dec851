import { VisuallyHidden } from '@mantine/core';
import { Store, useStore } from '../app/store';
import { englishOf, timeFormats } from './relativeTime';

const { relative, exact, day } = timeFormats(englishOf(navigator.languages));

const MS_PER_TICK = 30_000;
const clock = new Store(new Date());
setInterval(() => {
  clock.value = new Date();
}, MS_PER_TICK);

/** How long ago something was; the exact moment under the pointer and for screen readers. */
export function When({ at }: { at: string }) {
  const moment = new Date(at);
  const text = useStore(clock, (now) => relative(moment, now));
  const whole = exact(moment);
  return (
    <time dateTime={at} title={whole}>
      <span aria-hidden>{text}</span>
      <VisuallyHidden>{whole}</VisuallyHidden>
    </time>
  );
}

/** The day on which something was, within a sentence; the exact moment under the pointer. */
export function Day({ at }: { at: string }) {
  const moment = new Date(at);
  return (
    <time dateTime={at} title={exact(moment)}>
      {day(moment)}
    </time>
  );
}
