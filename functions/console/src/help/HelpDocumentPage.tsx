import { IconArrowLeft } from '@tabler/icons-react';
import { Link, useLoaderData, useLocation, useRouter } from '@tanstack/react-router';
import { type MouseEvent, useEffect, useRef } from 'react';
import links from '../ui/links.module.css';
import { isForNewTab } from '../ui/newTab';
import { Page } from '../ui/Page';
import classes from './HelpDocumentPage.module.css';

/** Sections below this number need no list of their own. */
const FEWEST_LISTED = 3;

/** One document of the help. */
export function HelpDocumentPage() {
  const { name, title, sections, html } = useLoaderData({ from: '/help/$document' });
  return (
    <Page
      key={name}
      title={title}
      within="Help"
      above={
        <Link to="/help" className={links.back}>
          <IconArrowLeft size={16} aria-hidden /> Help
        </Link>
      }
    >
      <div className={classes.page}>
        {sections.length >= FEWEST_LISTED && (
          <nav className={classes.contents} aria-label="On this page">
            <ul>
              {sections.map((section) => (
                <li key={section.id}>
                  <Link to="/help/$document" params={{ document: name }} hash={section.id}>
                    {section.title}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
        )}
        <Text html={html} />
      </div>
    </Page>
  );
}

/** The text of a document. The place that the address names takes the focus. */
function Text({ html }: { html: string }) {
  const text = useRef<HTMLDivElement>(null);
  const router = useRouter();
  const { hash } = useLocation();
  useEffect(() => {
    const place = hash ? document.getElementById(hash) : null;
    place?.setAttribute('tabindex', '-1');
    // The router has looked for the place before this part of the console was loaded.
    place?.scrollIntoView();
    place?.focus({ preventScroll: true });
  }, [hash]);
  useEffect(() => reachableByKeyboard(text.current), []);

  // Links in the text are no components: links to other documents open without loading the console.
  const follow = (event: MouseEvent<HTMLDivElement>) => {
    const link = (event.target as Element).closest('a');
    if (!link || link.origin !== location.origin || isForNewTab(event)) return;
    event.preventDefault();
    void router.navigate({ href: link.pathname + link.hash });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears of the links, which have the keys.
    // biome-ignore lint/a11y/useKeyWithClickEvents: a link that is opened with a key is clicked.
    <div
      ref={text}
      className={classes.text}
      onClick={follow}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: the build made it of our own documents.
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}

/** Lets the keyboard scroll the tables and blocks of code that are too wide, and no others. */
function reachableByKeyboard(text: HTMLElement | null) {
  const wide = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.setAttribute('tabindex', '0');
      else target.removeAttribute('tabindex');
    }
  });
  for (const part of text?.querySelectorAll('.table, pre') ?? []) wide.observe(part);
  return () => wide.disconnect();
}
