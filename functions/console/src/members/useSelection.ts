import { useCallback, useState } from 'react';

/** Which of the rows shown are selected. What is not shown any more is not selected either. */
export function useSelection<Row extends { id: string }>(rows: readonly Row[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selected = rows.filter(({ id }) => chosen.has(id));
  const select = useCallback((some: readonly { id: string }[], isSelected: boolean) => {
    setChosen((before) => {
      const next = new Set(before);
      for (const { id } of some) isSelected ? next.add(id) : next.delete(id);
      return next;
    });
  }, []);
  return { selected, ids: new Set(selected.map(({ id }) => id)), select };
}
