/**
 * What is wrong with the layout of a page, of the kinds that can be computed and that axe does not
 * know. It runs in the browser, so it may use nothing from outside of it.
 */
export function faultsOfLayout(): string[] {
  const root = document.documentElement;
  /** The least width and height of a target in pixels: WCAG 2.2, 2.5.8. */
  const LEAST = 24;
  /** Rounding of fractions of a pixel. */
  const ROUNDING = 0.5;

  const name = (element: Element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 160);
  /** Asks for each element once: a page has thousands, and each is compared with others. */
  const once = <T>(ask: (element: Element) => T) => {
    const known = new Map<Element, T>();
    return (element: Element): T => {
      const answer = known.get(element) ?? ask(element);
      known.set(element, answer);
      return answer;
    };
  };
  const style = once((element) => getComputedStyle(element));
  const box = once((element) => element.getBoundingClientRect());

  /** Whether only screen readers are meant to find it. */
  const isForScreenReaders = (element: Element) =>
    element.clientWidth <= 1 && element.clientHeight <= 1 && style(element).overflow !== 'visible';
  const everything = [...document.body.querySelectorAll('*')];
  const unseen = new Set(everything.filter(isForScreenReaders));
  const hasUnseenParent = (element: Element): boolean =>
    unseen.has(element) || (element.parentElement ? hasUnseenParent(element.parentElement) : false);
  const isShown = (element: Element) =>
    element.checkVisibility({ visibilityProperty: true }) &&
    box(element).width > 1 &&
    box(element).height > 1 &&
    // The link that shows when it is focused.
    box(element).right > 0 &&
    !hasUnseenParent(element);
  const shown = everything.filter(isShown);
  const all = (selector: string) => shown.filter((element) => element.matches(selector));

  function width(): string[] {
    const excess = root.scrollWidth - root.clientWidth;
    return excess > 0 ? [`the page is ${excess} px wider than the window`] : [];
  }

  function headings(): string[] {
    const titles = all('h1');
    return titles.length === 1 ? [] : [`the page has ${titles.length} h1: ${titles.map(name)}`];
  }

  /** Whether an element cuts what does not fit, and nobody can scroll to it. */
  function isCut(element: Element): boolean {
    const { overflowX, overflowY } = style(element);
    const cuts = (overflow: string) => overflow === 'hidden' || overflow === 'clip';
    return (
      (cuts(overflowX) && element.scrollWidth > element.clientWidth + 1) ||
      (cuts(overflowY) && element.scrollHeight > element.clientHeight + 1)
    );
  }

  function cut(): string[] {
    return shown
      .filter((element) => element instanceof HTMLElement && !element.matches('input, textarea'))
      .filter(isCut)
      .filter(
        (element) => style(element).textOverflow !== 'ellipsis' || !element.closest('[title]'),
      )
      .map((element) => `cut, without dots and a title: ${name(element)}`);
  }

  function scrollsUnseen(): string[] {
    return shown
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .filter((element) => style(element).overflowX === 'auto')
      .filter((element) => style(element).scrollbarWidth === 'none')
      .map((element) => `scrolls sideways without a scroll bar: ${name(element)}`);
  }

  const POPUPS = '[role="dialog"], [role="listbox"], [role="menu"]';

  /** Dropdowns and dialogs are in view as a whole: not beyond the window, nor behind anything. */
  function popups(): string[] {
    return all(POPUPS).flatMap((popup) => {
      const { left, right, top, bottom } = box(popup);
      // Within the round corners.
      const [x, y] = [
        [left + 8, (left + right) / 2, right - 8],
        [top + 8, (top + bottom) / 2, bottom - 8],
      ] as const;
      const points = x.flatMap((across) => y.map((down) => [across, down] as const));
      const isHidden = ([across, down]: readonly [number, number]) => {
        const there = document.elementFromPoint(across, down);
        return !there?.closest(POPUPS);
      };
      return points.some(isHidden) ? [`not in view as a whole: ${name(popup)}`] : [];
    });
  }

  const TARGETS =
    'a[href], button, input, select, textarea, summary, [role="menuitem"], [role="option"]';
  const targets = all(TARGETS)
    .filter((element) => !element.matches(':disabled'))
    .filter((element) => !isScrolledAway(element));

  /** Whether the middle of an element is beyond the edge of a part of the page that scrolls. */
  function isScrolledAway(element: Element): boolean {
    const middle = (box(element).top + box(element).bottom) / 2;
    for (let around = element.parentElement; around; around = around.parentElement) {
      const scrolls = around !== root && /auto|scroll/.test(style(around).overflowY);
      const { top, bottom } = box(around);
      if (scrolls && (middle < top || middle > bottom)) return true;
    }
    return false;
  }

  /** What an element moves with and lies on: targets in different layers do not compete. */
  const layer = once((element): Element => {
    const { position, zIndex } = style(element);
    const isLayer = position === 'fixed' || (position !== 'static' && zIndex !== 'auto');
    return isLayer || !element.parentElement ? element : layer(element.parentElement);
  });

  function isSmall(element: Element): boolean {
    const { width, height } = box(element);
    return width < LEAST - ROUNDING || height < LEAST - ROUNDING;
  }

  /** A link within a sentence, which is as high as the line. */
  function isInSentence(element: Element): boolean {
    const around = element.parentElement?.textContent?.trim() ?? '';
    return style(element).display === 'inline' && around !== element.textContent?.trim();
  }

  const centre = (element: Element) => {
    const { left, right, top, bottom } = box(element);
    return { x: (left + right) / 2, y: (top + bottom) / 2 };
  };

  /** Whether the circle around a small target touches another target, or the circle of a small one. */
  function isCrowded(element: Element): boolean {
    const { x, y } = centre(element);
    return targets.some((other) => {
      if (other === element || other.contains(element) || element.contains(other)) return false;
      if (layer(other) !== layer(element)) return false;
      if (isSmall(other)) return Math.hypot(centre(other).x - x, centre(other).y - y) < LEAST;
      const { left, right, top, bottom } = box(other);
      const [across, down] = [Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom)];
      return Math.hypot(across, down) < LEAST / 2;
    });
  }

  function small(): string[] {
    return targets
      .filter((element) => isSmall(element) && !isInSentence(element) && isCrowded(element))
      .map((element) => {
        const { width, height } = box(element);
        return `a target of ${width.toFixed(1)} × ${height.toFixed(1)} px: ${name(element)}`;
      });
  }

  function overlap(one: Element, other: Element): boolean {
    const [first, second] = [box(one), box(other)];
    const across = Math.min(first.right, second.right) - Math.max(first.left, second.left);
    const down = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
    return across > 1 && down > 1;
  }

  /** A button within a field, such as the one that clears it. */
  function isWithin(inner: Element, field: Element): boolean {
    const [small, large] = [box(inner), box(field)];
    return (
      field.matches('input') &&
      small.left >= large.left &&
      small.right <= large.right + ROUNDING &&
      small.top >= large.top - ROUNDING &&
      small.bottom <= large.bottom + ROUNDING
    );
  }

  function overlaps(): string[] {
    return targets.flatMap((one, index) =>
      targets
        .slice(index + 1)
        .filter((other) => overlap(one, other) && !one.contains(other) && !other.contains(one))
        .filter((other) => !isWithin(one, other) && !isWithin(other, one))
        .filter((other) => layer(one) === layer(other))
        .map((other) => `targets overlap: ${name(one)} and ${name(other)}`),
    );
  }

  /** Targets and messages that lie beyond an edge of the window to which nobody can scroll. */
  function outside(): string[] {
    const scrolls = (element: Element): boolean =>
      style(element).overflowX === 'auto' ||
      (element.parentElement ? scrolls(element.parentElement) : false);
    return [...targets, ...all('[role="alert"], [role="status"]')]
      .filter((element) => box(element).left < -1 || box(element).right > root.clientWidth + 1)
      .filter((element) => !scrolls(element))
      .map((element) => `beyond the edge of the window: ${name(element)}`);
  }

  /** Safari on iOS zooms into a field whose text is smaller. */
  function fields(): string[] {
    if (innerWidth >= 768) return [];
    return all('input:not([type="checkbox"], [type="radio"]), textarea, select')
      .filter((field) => Number.parseFloat(style(field).fontSize) < 16)
      .map((field) => `a field with text of ${style(field).fontSize}: ${name(field)}`);
  }

  function motion(): string[] {
    return document
      .getAnimations()
      .filter(({ playState }) => playState === 'running')
      .map(({ effect }) => (effect instanceof KeyframeEffect ? effect.target : null))
      .map((target) => `moves although reduced motion is asked for: ${target && name(target)}`);
  }

  return [
    ...width(),
    ...headings(),
    ...cut(),
    ...scrollsUnseen(),
    ...popups(),
    ...small(),
    ...overlaps(),
    ...outside(),
    ...fields(),
    ...motion(),
  ];
}

/**
 * What is wrong with a page right after something has happened: an alert that nobody sees, or a
 * focus that is lost. It runs in the browser, like {@link faultsOfLayout}.
 */
export function faultsOfArrival(): string[] {
  const name = (element: Element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 160);
  const alerts = [...document.querySelectorAll('[role="alert"]')].filter((alert) =>
    alert.checkVisibility({ visibilityProperty: true }),
  );
  /** Whether its beginning is in the window, and nothing lies on it. */
  const isInView = (alert: Element) => {
    const { left, top } = alert.getBoundingClientRect();
    return alert.contains(document.elementFromPoint(left + 12, top + 12));
  };
  const unseen = alerts.filter((alert) => !isInView(alert));
  return [
    ...unseen.map((alert) => `an alert that is not in view: ${name(alert)}`),
    ...(document.activeElement === document.body ? ['the focus is on the body'] : []),
  ];
}
