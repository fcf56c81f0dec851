import { describe, expect, it } from 'vitest';
import { helpDocuments, render } from '../../build/help.ts';
import { GROUPS } from './documents';
import { TARGETS } from './targets';

const documents = helpDocuments();
const PLACE = '/console/help/';

/** Every address in the help: the documents, and the anchors in them. */
const addresses = new Set(
  documents.flatMap(({ name, html }) => [
    name,
    ...[...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => `${name}#${id}`),
  ]),
);

const html = (name: string) => documents.find((document) => document.name === name)?.html ?? '';

describe('the help', () => {
  it('lists every document once', () => {
    const listed = GROUPS.flatMap(({ about }) => Object.keys(about));
    const names = documents.map(({ name }) => name).filter((name) => !/^\d{4}-/.test(name));
    expect(listed.toSorted()).toEqual(names.toSorted());
  });

  it('has every place that the console links to', () => {
    expect(TARGETS.filter((target) => !addresses.has(target))).toEqual([]);
  });

  it('has every place that a document links to', () => {
    const links = documents.flatMap(({ name, html }) =>
      [...html.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => ({ name, href })),
    );
    const inside = links.filter(({ href }) => href.startsWith(PLACE));
    expect(inside.length).toBeGreaterThan(100);
    expect(inside.filter(({ href }) => !addresses.has(href.slice(PLACE.length)))).toEqual([]);
    const others = links.filter(({ href }) => !href.startsWith(PLACE));
    expect(others.filter(({ href }) => !href.startsWith('https://'))).toEqual([]);
  });

  it('has the anchors that GitHub makes, and one for each code in a table', () => {
    expect(addresses).toContain('given-user-pool#google-apple-and-other-providers');
    expect(addresses).toContain(
      'given-user-pool#what-aws-resets-and-what-the-script-does-about-it',
    );
    expect(addresses).toContain('errors#organization_role.unknown');
    expect(addresses).toContain('security#removed_earlier');
    expect(addresses).toContain('parameters#PublicMailboxExceptions');
    for (const { html } of documents) {
      const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      // The ids of the page around it.
      ids.push('root', 'content');
      expect(ids.length).toBe(new Set(ids).size);
    }
  });

  it('names files that are no documents, without a link', () => {
    expect(html('clients')).toContain('<code>functions/console/openapi.json</code>');
    expect(html('upgrading')).toContain('<code>CHANGELOG.md</code>');
    expect(html('operations')).toContain('A preview (<code>README.md</code>)');
  });

  it('has no inline styles, which the Content-Security-Policy forbids', () => {
    expect(documents.filter(({ html }) => /<[^>]* style=|<style/.test(html))).toEqual([]);
    const text = '# Prices\n\n| what | price |\n| --- | ---: |\n| a | 1 |\n';
    const place = { name: 'prices', path: 'docs/prices.md', paths: new Map() };
    expect(render(text, place).html).toContain('<td data-align="right">1</td>');
  });

  it('begins after the title, which is the heading of the page', () => {
    expect(documents.filter(({ html }) => html.includes('<h1'))).toEqual([]);
    expect(documents.find(({ name }) => name === 'tokens')?.title).toBe(
      'Reading memberships from a token',
    );
  });
});
