import { describe, expect, it } from 'vitest';
import type { Role } from '../api/types';
import { newRole, withStored } from './newRoles';
import { searchable } from './ranking';
import { choicesFor, takenInto } from './selection';

const role = (name: string): Role => ({
  id: `role_${name}`,
  name,
  description: null,
  createdAt: '2026-01-01T09:00:00.000Z',
});
const ROLES = ['Compliance officer (annual review)', 'Editor', 'Viewer'].map(role);

/** The choices for a text, with those that Enter may select first. */
const choices = (text: string, selection: string[] = [], creatable = true) =>
  choicesFor(searchable(ROLES), selection, text, creatable).shown.map(({ name, isNew, likely }) =>
    [isNew ? 'new' : '', name, likely ? '' : 'unlikely'].join(' ').trim(),
  );

describe('choicesFor', () => {
  it('has a new role after the roles that fit', () => {
    expect(choices('edi')).toEqual(['Editor', 'new edi unlikely']);
    expect(choices('edi', [], false)).toEqual(['Editor']);
    expect(choices('auditor')).toEqual(['new auditor']);
  });

  it('has no new role with the name of one that exists or is selected', () => {
    expect(choices('EDITOR')).toEqual(['Editor']);
    expect(choices('editor', ['role_Editor'])).toEqual([]);
    expect(choices('AUDITOR', [newRole('Auditor')])).toEqual([]);
  });

  it('does not take a role that only contains the text for the one that is meant', () => {
    const officer = 'Compliance officer (annual review) unlikely';
    expect(choices('vie')).toEqual(['Viewer', officer, 'new vie unlikely']);
    expect(choices('vie', ['role_Viewer'])).toEqual([officer, 'new vie unlikely']);
  });

  it('counts the roles that it does not show', () => {
    const many = Array.from({ length: 113 }, (_, number) => role(`Role ${number}`));
    const { shown, fitting } = choicesFor(searchable(many), ['role_Role 7'], '', true);
    expect([shown.length, fitting]).toEqual([50, 112]);
  });
});

describe('takenInto', () => {
  it('takes in the name of a role, and says why it takes in nothing else', () => {
    expect(takenInto(['role_Editor'], ' viewer ', ROLES)).toEqual({
      selection: ['role_Editor', 'role_Viewer'],
    });
    expect(takenInto(['role_Editor'], '  ', ROLES)).toEqual({ selection: ['role_Editor'] });
    expect(takenInto([], 'Vie', ROLES)).toEqual({
      reason: 'Choose a role for “Vie”, or clear the field.',
    });
    expect(takenInto(['role_Viewer'], 'VIEWER', ROLES)).toEqual({
      reason: '“Viewer” is already selected.',
    });
    expect(takenInto([newRole('Auditor')], 'auditor', ROLES)).toEqual({
      reason: '“Auditor” is already selected.',
    });
  });
});

describe('withStored', () => {
  it('has the ids of new roles that are stored, each once', () => {
    const stored = new Map([[newRole('Viewer'), 'role_Viewer']]);
    const selection = ['role_Viewer', newRole('Viewer'), newRole('Auditor')];
    expect(withStored(selection, stored)).toEqual(['role_Viewer', newRole('Auditor')]);
  });
});
