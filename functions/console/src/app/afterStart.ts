/** When the first page has most likely been shown, in milliseconds after the start. */
const START = 2000;

/** Loads what the first page does not need, so that it is there when it is wanted. */
export function afterStart(load: () => void): () => void {
  const timer = setTimeout(load, Math.max(0, START - performance.now()));
  return () => clearTimeout(timer);
}
