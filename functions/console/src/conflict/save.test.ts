import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/problem';
import type { Draft, Versioned } from './fields';
import { afterSave, save } from './save';

type Field = 'name' | 'description';

const BASE: Versioned<Field> = { texts: { name: 'Acme', description: '' }, etag: '"1"' };
const NOW: Versioned<Field> = { texts: { name: 'Acme', description: 'Theirs' }, etag: '"2"' };
const DRAFT: Draft<Field> = { base: BASE, mine: { name: 'Mine', description: '' } };

const refusing = (status: number) => ({
  read: () => Promise.resolve(NOW),
  write: () => Promise.reject(ApiError.of(new Response(null, { status }), {})),
});

describe('save', () => {
  it('writes only the fields that have changed, if the texts still have the version', async () => {
    const written: unknown[] = [];
    const saved = await save(DRAFT, {
      read: () => Promise.reject(new Error('is not needed')),
      write: (changes, etag) => {
        written.push(changes, etag);
        return Promise.resolve(NOW);
      },
    });
    expect(written).toEqual([{ name: 'Mine' }, '"1"']);
    expect(saved).toEqual({ isConflict: false, now: NOW });
  });

  it('reads the present texts if they have another version', async () => {
    expect(await save(DRAFT, refusing(412))).toEqual({ isConflict: true, now: NOW });
  });

  it('writes again if somebody else has changed the texts and changed them back', async () => {
    const again = { ...BASE, etag: '"3"' };
    const tags: string[] = [];
    const saved = await save(DRAFT, {
      read: () => Promise.resolve(again),
      write: (changes, etag) => {
        tags.push(etag);
        return etag === '"1"' ? refusing(412).write() : Promise.resolve({ ...NOW, ...changes });
      },
    });
    expect(tags).toEqual(['"1"', '"3"']);
    expect(saved.isConflict).toBe(false);
  });

  it('reads the version first if the texts come from a list', async () => {
    const unversioned = { ...DRAFT, base: { texts: BASE.texts } };
    const tags: string[] = [];
    const write = (_: unknown, etag: string) => {
      tags.push(etag);
      return Promise.resolve(NOW);
    };
    const saved = await save(unversioned, { read: () => Promise.resolve(BASE), write });
    expect(saved).toEqual({ isConflict: false, now: NOW });
    expect(tags).toEqual(['"1"']);
    const conflict = await save(unversioned, { read: () => Promise.resolve(NOW), write });
    expect(conflict).toEqual({ isConflict: true, now: NOW });
    expect(tags).toEqual(['"1"']);
  });

  it('fails if the write or the read after it fails', async () => {
    await expect(save(DRAFT, refusing(404))).rejects.toMatchObject({ status: 404 });
    const gone = { ...refusing(412), read: () => Promise.reject(new Error('is gone')) };
    await expect(save(DRAFT, gone)).rejects.toThrow('is gone');
  });
});

describe('the draft after a save', () => {
  it('has nothing to save, unless something was typed during the saving', () => {
    const saved = { isConflict: false, now: NOW };
    expect(afterSave(DRAFT, saved)).toEqual({ base: NOW, mine: NOW.texts });
    const typed = { name: 'Mine too', description: 'Theirs' };
    expect(afterSave(DRAFT, saved, typed)).toEqual({ base: NOW, mine: typed });
  });

  it('is on top of what somebody else saved first, with what was typed meanwhile', () => {
    const conflict = { isConflict: true, now: NOW };
    const merged = { base: NOW, theirs: ['description'] };
    const mine = { name: 'Mine', description: 'Theirs' };
    expect(afterSave(DRAFT, conflict)).toEqual({ ...merged, mine });
    const typed = { name: 'Mine too', description: '' };
    expect(afterSave(DRAFT, conflict, typed)).toEqual({
      ...merged,
      mine: { ...mine, name: 'Mine too' },
    });
  });
});
