import { describe, expect, it } from 'vitest';
import { batch, chunks } from './batch';
import { ApiError } from './problem';

const problem = (status?: number) =>
  status ? ApiError.of(new Response(null, { status }), {}) : ApiError.unreachable();

describe('a batch', () => {
  it('has at most four requests at the same time', async () => {
    let running = 0;
    let most = 0;
    const { done } = await batch([...Array(20).keys()], async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return item * 2;
    });
    expect(most).toBe(4);
    expect(
      done
        .map(({ result }) => result)
        .sort((a, b) => a - b)
        .at(-1),
    ).toBe(38);
  });

  it('goes on after one item is refused', async () => {
    const { done, failed } = await batch([1, 2, 3, 4, 5, 6], async (item) => {
      if (item === 2) throw problem(404);
    });
    expect(done.map(({ item }) => item)).toEqual([1, 3, 4, 5, 6]);
    expect(failed.map(({ item }) => item)).toEqual([2]);
  });

  it.each([undefined, 429, 503])(
    'begins nothing more after an error that may go away (%s)',
    async (status) => {
      const begun: number[] = [];
      const { failed } = await batch([1, 2, 3, 4, 5, 6, 7], async (item) => {
        begun.push(item);
        throw problem(status);
      });
      expect(begun).toEqual([1, 2, 3, 4]);
      expect(failed).toHaveLength(7);
    },
  );
});

describe('chunks', () => {
  it('have at most the given size', () => {
    expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunks([], 2)).toEqual([]);
  });
});
