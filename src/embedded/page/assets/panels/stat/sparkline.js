// The small line behind a stat's value, on a canvas of its own.

import { translucent } from '../model/colours.js';

function sizedCanvas(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/** Runs of neighbouring points, so that a gap stays a gap. */
function runs(times, values) {
  const found = [[]];
  values.forEach((value, at) => {
    if (value === null || value === undefined) found.push([]);
    else found.at(-1).push([times[at], value]);
  });
  return found.filter((run) => run.length > 0);
}

/** `range` { from, to } is the width of the canvas; `limits` are the field's own min and max, if any. */
export function drawSparkline(canvas, { times, values, range, limits, colour, width, height }) {
  const pen = sizedCanvas(canvas, width, height);
  const numbers = values.filter((value) => typeof value === 'number');
  if (!times || numbers.length < 2) return;
  const low = limits.min ?? numbers.reduce((least, value) => Math.min(least, value), Infinity);
  const high = limits.max ?? numbers.reduce((most, value) => Math.max(most, value), -Infinity);
  const x = (time) => ((time - range.from) / (range.to - range.from)) * width;
  const y = (value) => (high > low ? height - 1.5 - ((value - low) / (high - low)) * (height - 3) : height / 2);
  pen.strokeStyle = colour;
  pen.fillStyle = translucent(colour, 0.2);
  pen.lineWidth = 1.5;
  for (const run of runs(times, values)) {
    const line = new Path2D();
    run.forEach(([time, value]) => line.lineTo(x(time), y(value)));
    const area = new Path2D(line);
    area.lineTo(x(run.at(-1)[0]), height);
    area.lineTo(x(run[0][0]), height);
    pen.fill(area);
    pen.stroke(line);
  }
}
