// Numbers as text with Grafana's choice of decimals; knows no unit.

/** Three significant digits for fractions, none for whole numbers. */
export function automaticDecimals(value) {
  if (!Number.isFinite(value) || Number.isInteger(value)) return 0;
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return Math.max(0, 2 - magnitude);
}

/** `decimals` null or undefined means automatic; a negative count is taken as none. */
export function fixed(value, decimals) {
  if (value === null || value === undefined) return '';
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value.toLocaleString('en-US');
  const digits = Math.min(20, Math.max(0, decimals ?? automaticDecimals(value)));
  if (Math.abs(value) >= 1e21) return String(value);
  const rounded = Math.round(value * 10 ** digits) / 10 ** digits;
  const text = (Number.isFinite(rounded) ? rounded : value).toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
}
