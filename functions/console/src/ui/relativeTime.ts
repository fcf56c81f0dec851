const MS_PER_MINUTE = 60_000;
const MINUTES_PER_HOUR = 60;
const HOURS_PER_DAY = 24;
const DAYS_PER_WEEK = 7;
/** From this number of days on, the date says more than the number. */
const DATE_FROM_DAYS = 4 * DAYS_PER_WEEK;

/**
 * The first English one of the user's locales: the page is in English, so its dates are too, in the
 * form that the user is used to, such as "12 Mar 2026" for `en-GB`.
 */
export function englishOf(languages: readonly string[]): string {
  return languages.find((language) => /^en(-|$)/i.test(language)) ?? 'en';
}

/** How moments are written in a locale, in the time zone of the user. */
export function timeFormats(locale: string) {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const whole = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' });
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

  /**
   * How long ago a moment was, such as "3 minutes ago" or "yesterday"; its date if that was some
   * weeks ago, or if it has yet to come. The clock of the server may be ahead of the user's: up to
   * an hour counts as "just now".
   */
  function relative(moment: Date, now: Date): string {
    const minutes = Math.floor((now.getTime() - moment.getTime()) / MS_PER_MINUTE);
    if (minutes < -MINUTES_PER_HOUR) return date.format(moment);
    if (minutes < 1) return 'just now';
    if (minutes < MINUTES_PER_HOUR) return ago.format(-minutes, 'minute');
    const hours = Math.floor(minutes / MINUTES_PER_HOUR);
    if (hours < HOURS_PER_DAY) return ago.format(-hours, 'hour');
    const days = midnightsBetween(moment, now);
    if (days >= DATE_FROM_DAYS) return date.format(moment);
    if (days < 2 * DAYS_PER_WEEK) return ago.format(-days, 'day');
    return ago.format(-Math.floor(days / DAYS_PER_WEEK), 'week');
  }

  /** The moment with its day, its time and its time zone. */
  const exact = (moment: Date) => whole.format(moment);

  /** The day of the moment. */
  const day = (moment: Date) => date.format(moment);

  return { relative, exact, day };
}

/** The number of midnights between two moments, in the time zone of the user. */
function midnightsBetween(first: Date, last: Date): number {
  // Days in UTC all have the same length; those of a time zone do not.
  const day = (moment: Date) =>
    Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate()) / MS_PER_MINUTE;
  return (day(last) - day(first)) / MINUTES_PER_HOUR / HOURS_PER_DAY;
}
