// Calendar arithmetic in a named time zone, through Intl; it reads no clock.

/** ECMAScript's last moment. */
const LATEST = 8.64e15;

const formats = new Map();

/** The zone's IANA name for a dashboard's or picker's `timezone`: '' and 'browser' are the browser's own. */
export function zoneName(timezone) {
  if (!timezone || timezone === 'browser') return Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (timezone.toLowerCase() === 'utc') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone;
  } catch {
    return zoneName('browser');
  }
}

/** `{year, month (1 to 12), day, hour, minute, second}` of a moment. */
export function partsIn(ms, zone) {
  const parts = {};
  for (const { type, value } of format(zone).formatToParts(ms)) {
    if (type !== 'literal') parts[type] = Number(value);
  }
  return { ...parts, hour: parts.hour % 24 };
}

/** The moment of a calendar reading; parts may overflow, as in Date.UTC. NaN beyond the calendar. */
export function fromParts({ year, month, day = 1, hour = 0, minute = 0, second = 0 }, zone) {
  const reading = Date.UTC(year, month - 1, day, hour, minute, second);
  if (!isMoment(reading)) return NaN;
  // the offset at the reading may be that of the other side of a clock change, so it is asked for twice
  const guess = reading - offset(reading, zone);
  return reading - offset(guess, zone);
}

/** Whether the calendar reaches that far, with a day for the offset of any zone. */
export function isMoment(ms) {
  return Math.abs(ms) <= LATEST - 86_400_000;
}

/** 0 is Sunday. */
export function weekday(ms, zone) {
  const { year, month, day } = partsIn(ms, zone);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

function offset(ms, zone) {
  const parts = partsIn(ms, zone);
  const reading = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return reading - Math.floor(ms / 1000) * 1000;
}

function format(zone) {
  if (!formats.has(zone)) {
    const options = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' };
    formats.set(zone, new Intl.DateTimeFormat('en-US', { ...options, hourCycle: 'h23', timeZone: zone }));
  }
  return formats.get(zone);
}
