// Points in time (milliseconds since 1970) as text in a time zone; lengths of time are in duration.js.

const formats = new Map();

/** `zone`: 'browser', 'utc' or a name of the time zone database; what is unknown counts as 'browser'. */
export function zoneName(zone) {
  if (!zone || zone === 'browser') return undefined;
  if (zone.toLowerCase() === 'utc') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function formatFor(zone) {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zoneName(zone),
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
    });
    formats.set(zone, format);
  }
  return format;
}

/** Two- and four-digit texts: year, month, day, hour, minute, second, milliseconds. */
export function calendar(time, zone) {
  const found = {};
  for (const { type, value } of formatFor(zone).formatToParts(time)) found[type] = value;
  return { ...found, milliseconds: found.fractionalSecond };
}

/** `2026-11-22 16:25:31`; milliseconds only where there are some and `precise` asks for them. */
export function iso(time, zone, precise = false) {
  if (!Number.isFinite(time) || Math.abs(time) > 8.64e15) return 'Invalid date';
  const { year, month, day, hour, minute, second, milliseconds } = calendar(time, zone);
  const fraction = precise && milliseconds !== '000' ? `.${milliseconds}` : '';
  return `${year}-${month}-${day} ${hour}:${minute}:${second}${fraction}`;
}

function american(time, zone) {
  const { year, month, day, hour, minute, second } = calendar(time, zone);
  return `${month}/${day}/${year} ${Number(hour) % 12 || 12}:${minute}:${second} ${hour < 12 ? 'am' : 'pm'}`;
}

const sameDay = (one, other, zone) => iso(one, zone).slice(0, 10) === iso(other, zone).slice(0, 10);

const AGES = [
  [31536e6, 'year'],
  [2592e6, 'month'],
  [864e5, 'day'],
  [36e5, 'hour'],
  [6e4, 'minute'],
  [1e3, 'second'],
];

function fromNow(time, now) {
  const [size, unit] = AGES.find(([least]) => Math.abs(now - time) >= least) ?? AGES.at(-1);
  return new Intl.RelativeTimeFormat('en').format(Math.round((time - now) / size), unit);
}

const date = (write) => (value, _decimals, zone) => ({
  text: Number.isFinite(value) && Math.abs(value) <= 8.64e15 ? write(value, zone) : 'Invalid date',
});

export const MOMENTS = {
  dateTimeAsIso: date((time, zone) => iso(time, zone)),
  dateTimeAsIsoNoDateIfToday: date((time, zone) =>
    sameDay(time, Date.now(), zone) ? iso(time, zone).slice(11) : iso(time, zone),
  ),
  dateTimeAsUS: date(american),
  dateTimeAsUSNoDateIfToday: date((time, zone) =>
    sameDay(time, Date.now(), zone) ? american(time, zone).slice(11) : american(time, zone),
  ),
  dateTimeAsLocal: date((time, zone) => iso(time, zone)),
  dateTimeFromNow: date((time) => fromNow(time, Date.now())),
  dateTimeAsSystem: date((time, zone) => iso(time, zone)),
};
