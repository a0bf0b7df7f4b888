// The width of one bucket, as Grafana chooses it: the range over the points that fit, in round steps; pure arithmetic.

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const UNITS = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY, M: 30 * DAY, y: 365 * DAY };

/** Up to the first number of milliseconds the second is used (Grafana's `rangeutil.roundInterval`). */
const STEPS = [
  [10, 1], [15, 10], [35, 20], [75, 50], [150, 100], [350, 200], [750, 500],
  [1_500, SECOND], [3_500, 2 * SECOND], [7_500, 5 * SECOND], [12_500, 10 * SECOND], [17_500, 15 * SECOND],
  [25_000, 20 * SECOND], [45_000, 30 * SECOND], [90_000, MINUTE], [210_000, 2 * MINUTE], [450_000, 5 * MINUTE],
  [750_000, 10 * MINUTE], [1_050_000, 15 * MINUTE], [1_500_000, 20 * MINUTE], [2_700_000, 30 * MINUTE],
  [5_400_000, HOUR], [9_000_000, 2 * HOUR], [16_200_000, 3 * HOUR], [32_400_000, 6 * HOUR], [86_400_000, 12 * HOUR],
  [604_800_000, DAY], [1_814_400_000, 7 * DAY], [3_628_800_000, 30 * DAY],
];

/** Milliseconds of a duration such as `10s` or `>1m`; `null` for anything else. */
export function durationMs(text) {
  const parsed = /^>?\s*(\d+(?:\.\d+)?)\s*(ms|[smhdwMy])$/.exec(String(text ?? '').trim());
  return parsed ? Number(parsed[1]) * UNITS[parsed[2]] : null;
}

/** The shortest text of a duration: 90000 is `90s`. */
export function durationText(ms) {
  const units = [['d', DAY], ['h', HOUR], ['m', MINUTE], ['s', SECOND]];
  const [name, unit] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / unit}${name}`;
}

/** Milliseconds of one bucket, never below `leastMs`. */
export function intervalMs(range, points, leastMs) {
  const exact = (range.to - range.from) / Math.max(points, 1);
  const step = STEPS.find(([upTo]) => exact < upTo);
  return Math.max(step ? step[1] : 365 * DAY, leastMs, 1);
}
