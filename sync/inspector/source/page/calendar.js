/**
 * The Solar Hijri date of a moment, in Iran: UTC+03:30 all year since 1401. Browsers differ in calendars and time zones.
 *
 * Leap years by the 33-year cycle, which is right from 1244 to 1531.
 */

const DAY_S = 86400, IRAN_S = 3.5 * 3600;
const CYCLE_YEARS = 33, CYCLE_DAYS = 12053;
/** Days from 1 Farvardin 1375 (20 March 1996), with which a cycle begins, to 1 January 1970. */
const EPOCH_DAYS = -9575;
const EPOCH_YEAR = 1375;
const LEAP_IN_CYCLE = [0, 4, 8, 12, 16, 20, 24, 28];

/** {year, month, day, hour, minute, second, weekday}; weekday 0 is Saturday. */
export function inIran(moment_s) {
  const local = moment_s + IRAN_S, days = Math.floor(local / DAY_S), second = local - days * DAY_S;
  return {
    ...dateOf(days),
    hour: Math.floor(second / 3600), minute: Math.floor(second / 60) % 60, second: second % 60,
    weekday: (((days + 5) % 7) + 7) % 7,
  };
}

/** Such as 2026-01-08. */
export function gregorianInIran(moment_s) {
  return new Date((moment_s + IRAN_S) * 1000).toISOString().replace(/T.*/, "");
}

function dateOf(days) {
  const cycle = Math.floor((days + EPOCH_DAYS) / CYCLE_DAYS);
  let rest = days + EPOCH_DAYS - cycle * CYCLE_DAYS, place = 0;
  while (rest >= yearDays(place)) {
    rest -= yearDays(place);
    place += 1;
  }
  const [month, day] = rest < 186 ? [Math.floor(rest / 31), rest % 31] : [6 + Math.floor((rest - 186) / 30), (rest - 186) % 30];
  return { year: EPOCH_YEAR + CYCLE_YEARS * cycle + place, month: month + 1, day: day + 1 };
}

const yearDays = (place) => (LEAP_IN_CYCLE.includes(place) ? 366 : 365);
