import { describe, expect, it } from 'vitest';
import { fittingOptions } from './filterOptions';

const option = (label: string) => ({ value: label, label, disabled: false });
const labelsOf = (options: ReturnType<typeof fittingOptions>) =>
  options.flatMap((it) => ('items' in it ? it.items : [it])).map(({ label }) => label);

describe('the options of a filter', () => {
  it('begin with the likeliest', () => {
    const options = ['Interview', 'Re-view', 'Viewer', 'View', 'Admin'].map(option);
    const found = fittingOptions({ options, search: 'view', limit: 50 });
    expect(labelsOf(found)).toEqual(['View', 'Viewer', 'Re-view', 'Interview']);
  });

  it('say how many are shown, and how many there are', () => {
    const items = Array.from({ length: 60 }, (_, index) => option(`d${index}.example`));
    const options = [
      { group: 'Way', items: [option('By hand')] },
      { group: 'Email domain', items },
    ];
    const all = labelsOf(fittingOptions({ options, search: '', limit: 50 }));
    expect(all).toHaveLength(51);
    expect(all.at(-1)).toBe('50 of 61 shown: type more');
    const one = fittingOptions({ options, search: 'd59', limit: 50 });
    expect(one).toEqual([{ group: 'Email domain', items: [items[59]] }]);
  });
});
