/**
 * The `ref` of a bar that stays at the bottom of the window: messages stand above it. theme.css has
 * their place.
 */
export function keepMessagesAbove(bar: HTMLElement) {
  const root = document.documentElement;
  const measure = () => {
    const { top } = bar.getBoundingClientRect();
    // A bar that has scrolled to the upper half is not in the way.
    const space = top > innerHeight / 2 ? innerHeight - top : 0;
    root.style.setProperty('--bar-space', `${space}px`);
  };
  const observer = new ResizeObserver(measure);
  observer.observe(bar);
  observer.observe(document.body);
  addEventListener('scroll', measure, { passive: true });
  addEventListener('resize', measure);
  return () => {
    observer.disconnect();
    removeEventListener('scroll', measure);
    removeEventListener('resize', measure);
    root.style.removeProperty('--bar-space');
  };
}

/** The `ref` of what can be undone, which stands above such a bar: messages stand above both. */
export function keepMessagesAboveOffers(offers: HTMLElement) {
  const root = document.documentElement;
  const observer = new ResizeObserver(() =>
    root.style.setProperty('--offers-space', `${offers.offsetHeight}px`),
  );
  observer.observe(offers);
  return () => {
    observer.disconnect();
    root.style.removeProperty('--offers-space');
  };
}
