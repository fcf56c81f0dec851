import { describe, expect, it } from 'vitest';
import type { Role } from '../api/types';
import { isSameName, ranked, searchable } from './ranking';

const role = (name: string): Role => ({
  id: name,
  name,
  description: null,
  createdAt: '2026-01-01T09:00:00.000Z',
});

const found = (names: string[], text: string) =>
  ranked(searchable(names.map(role)), text).map(({ role: { name }, likely }) =>
    likely ? name : `(${name})`,
  );

describe('ranked', () => {
  it('has names that begin with the text first, then words, then others', () => {
    const names = [
      'Compliance officer (annual review)',
      'Overviewer',
      'Read-only viewer',
      'Viewer',
      'Viewer of reports',
    ];
    expect(found(names, 'Vie')).toEqual([
      'Viewer',
      'Viewer of reports',
      'Read-only viewer',
      '(Compliance officer (annual review))',
      '(Overviewer)',
    ]);
    expect(found(names, 'viewer of')).toEqual(['Viewer of reports']);
    expect(found(names, 'officer (ann')).toEqual(['Compliance officer (annual review)']);
  });

  it('has the name itself before longer ones, and all names for an empty text', () => {
    expect(found(['Admin of all', 'Admin'], 'admin')).toEqual(['Admin', 'Admin of all']);
    expect(found(['B', 'A'], '')).toEqual(['B', 'A']);
  });

  it('ignores case, accents and white space', () => {
    expect(found(['Éditeur'], 'edit')).toEqual(['Éditeur']);
    expect(found(['Editeur'], 'ÉDIT')).toEqual(['Editeur']);
    expect(found(['Straßenmeister'], 'STRASSE')).toEqual(['Straßenmeister']);
    expect(found(['ıstanbul İdari'], 'istanbul  idari')).toEqual(['ıstanbul İdari']);
    expect(found(['Φύλακας'], 'φυλακασ')).toEqual(['Φύλακας']);
  });

  it('finds a word after any character that is no letter or digit', () => {
    for (const name of ['team:viewer', 'team/viewer', 'team_viewer', 'team “viewer”']) {
      expect(found([name], 'vie')).toEqual([name]);
    }
    expect(found(['teamviewer', '2viewer'], 'vie')).toEqual(['(teamviewer)', '(2viewer)']);
  });
});

describe('isSameName', () => {
  it('does not depend on case and white space, but on accents', () => {
    expect(isSameName(' Éditor  in chief', 'E\u0301DITOR in chief ')).toBe(true);
    expect(isSameName('Editor', 'Éditor')).toBe(false);
    expect(isSameName('Editor', 'Editors')).toBe(false);
  });
});
