// Where the focus goes when what had it goes away: a dialog closes, its row is deleted, a save bar
// goes after Save and Discard, an item of a list is removed. Browsers then focus nothing: the next
// Tab begins at the top of the page, and a screen reader says nothing.

/** What gives the focus back to where it came from. */
const VISITED = '[role="dialog"], [role="menu"], [data-returns-focus]';

/** What has neighbours of the same kind, of which the next one takes the focus. */
const ITEM = 'li, tr';

const FOCUSABLE =
  'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex]';

/** Something that had the focus. */
interface Place {
  element: Element;
  /** What is around the element, from the inside. */
  around: Element[];
  /** The item of a list that the element is in. */
  item?: Item | undefined;
  /** The dialog, menu or bar that the element is in, and where the focus was before. */
  visit?: Visit | undefined;
  /** Whether the browser showed the focus, as it does for people who use the keyboard. */
  shown: boolean;
}

interface Item {
  element: Element;
  list: Element;
  index: number;
  /** Which of the elements in the item that can have the focus it was. */
  among: number;
}

interface Visit {
  to: Element;
  from: Place;
}

/** Keeps the focus in a sensible place from now on. */
export function keepFocus() {
  let last: Place | undefined;

  document.addEventListener('focusin', ({ target }) => {
    last = placeOf(target as Element, last);
  });
  const press = ({ target }: Event) => {
    const pressed = (target as Element).closest(FOCUSABLE);
    // Safari does not focus a button that is pressed.
    if (pressed && !pressed.contains(document.activeElement)) last = placeOf(pressed, last);
  };
  document.addEventListener('click', press, true);

  const keep = (changes: MutationRecord[]) => {
    if (!last || document.activeElement !== document.body) return;
    const { element } = last;
    // A busy button is disabled, and has lost the focus when it is enabled again.
    const wasBusy = changes.some(({ type, target }) => type === 'attributes' && target === element);
    if (element.isConnected && !wasBusy) return;
    const next = nextTo(last);
    if (!next) return;
    if (!next.matches(FOCUSABLE)) next.setAttribute('tabindex', '-1');
    (next as HTMLElement).focus({ preventScroll: !last.shown });
  };
  const watched = { childList: true, subtree: true, attributeFilter: ['disabled'] };
  new MutationObserver(keep).observe(document.body, watched);
}

function placeOf(element: Element, before: Place | undefined): Place {
  return {
    element,
    around: ancestorsOf(element),
    item: itemOf(element),
    visit: visitOf(element, before),
    shown: element.matches(':focus-visible'),
  };
}

function ancestorsOf(element: Element): Element[] {
  const all: Element[] = [];
  for (let one = element.parentElement; one; one = one.parentElement) all.push(one);
  return all;
}

function itemOf(focused: Element): Item | undefined {
  const element = focused.closest(ITEM);
  const list = element?.parentElement;
  if (!element || !list) return undefined;
  const index = [...list.children].indexOf(element);
  return { element, list, index, among: focusablesIn(element).indexOf(focused) };
}

function visitOf(element: Element, before: Place | undefined): Visit | undefined {
  const to = element.closest(VISITED);
  if (!to || !before) return undefined;
  for (let place: Place | undefined = before; place; place = place.visit?.from) {
    if (place.visit?.to === to) return place.visit;
  }
  return to.contains(before.element) ? undefined : { to, from: before };
}

/** What takes the focus after a place; nothing while its element is busy. */
function nextTo(place: Place): Element | null {
  const { element, item, visit } = place;
  if (element.isConnected) return isUsable(element) ? element : null;
  if (visit && !visit.to.isConnected) {
    const { to, from } = visit;
    // Fields are not focused after saving: some of them would open a list of options.
    return to.hasAttribute('data-returns-focus') ? headingOf(from) : nextTo(from);
  }
  return (item && neighbourOf(item)) ?? headingOf(place);
}

function neighbourOf({ element, list, index, among }: Item): Element | undefined {
  if (element.isConnected || !list.isConnected) return undefined;
  const neighbour = list.children[index] ?? list.lastElementChild;
  const candidates = neighbour ? focusablesIn(neighbour) : [];
  return candidates[among] ?? candidates.at(-1);
}

/** The heading of the section that a place is in, the dialog around it, or the page's heading. */
function headingOf({ around }: Place): Element | null {
  const left = around.find((element) => element.isConnected);
  const closest = left?.closest('section[aria-labelledby]');
  if (closest?.role === 'dialog') return closest;
  const heading = closest?.getAttribute('aria-labelledby');
  return (heading && document.getElementById(heading)) || document.querySelector('h1');
}

function focusablesIn(element: Element): Element[] {
  return [...element.querySelectorAll(FOCUSABLE)].filter(isUsable);
}

function isUsable(element: Element): boolean {
  return element.matches(FOCUSABLE) && element.checkVisibility({ visibilityProperty: true });
}
