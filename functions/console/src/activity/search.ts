/** What the page's address says about which activity is shown. */
export interface ActivitySearch {
  /** The kind: a type of event. */
  type?: string;
  /** The ID of the user whom it is about. */
  user?: string;
}

/** Reads the search of the page's address. What makes no sense is left out. */
export function activitySearch(search: Record<string, unknown>): ActivitySearch {
  const [type, user] = [search.type, search.user].map((value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '',
  );
  return {
    ...(type && /^[A-Za-z.]{1,64}$/.test(type) && { type }),
    ...(user && /^[\w-]{1,128}$/.test(user) && { user }),
  };
}
