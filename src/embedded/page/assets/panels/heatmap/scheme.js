// The colour schemes of heatmaps: a count's share of the largest count to a colour.

import { colour, gradient, isLight, translucent } from '../model/colours.js';

/** Stops from few to many on a light page; those of one hue are turned round on a dark one, so that few is near the ground. */
const ONE_HUE = {
  Blues: ['#deebf7', '#6baed6', '#08306b'],
  Greens: ['#e5f5e0', '#74c476', '#00441b'],
  Greys: ['#f0f0f0', '#969696', '#111111'],
  Oranges: ['#fee6ce', '#fd8d3c', '#7f2704'],
  Purples: ['#efedf5', '#9e9ac8', '#3f007d'],
  Reds: ['#fee0d2', '#fb6a4a', '#67000d'],
  BuGn: ['#e5f5f9', '#66c2a4', '#00441b'],
  BuPu: ['#e0ecf4', '#8c96c6', '#4d004b'],
  GnBu: ['#e0f3db', '#7bccc4', '#084081'],
  OrRd: ['#fee8c8', '#fc8d59', '#7f0000'],
  PuBu: ['#ece7f2', '#74a9cf', '#023858'],
  YlGn: ['#f7fcb9', '#78c679', '#004529'],
  YlGnBu: ['#edf8b1', '#41b6c4', '#081d58'],
  YlOrBr: ['#fff7bc', '#fe9929', '#662506'],
  YlOrRd: ['#ffeda0', '#fd8d3c', '#800026'],
};
const FIXED = {
  Turbo: ['#30123b', '#4686fb', '#1ae4b6', '#a4fc3c', '#fb8022', '#7a0403'],
  Rainbow: ['#6e40aa', '#417de0', '#1ac7c2', '#52f667', '#e2b72f', '#ff5e63'],
  Spectral: ['#5e4fa2', '#66c2a5', '#ffffbf', '#f46d43', '#9e0142'],
  RdYlGn: ['#006837', '#a6d96a', '#ffffbf', '#f46d43', '#a50026'],
  RdYlBu: ['#313695', '#abd9e9', '#ffffbf', '#f46d43', '#a50026'],
  RdBu: ['#053061', '#92c5de', '#f7f7f7', '#f4a582', '#67001f'],
};
const KNOWN = {
  Viridis: 'continuous-viridis',
  Plasma: 'continuous-plasma',
  Inferno: 'continuous-inferno',
  Magma: 'continuous-magma',
};

function stopsOf(name, theme) {
  if (FIXED[name]) return FIXED[name];
  const stops = ONE_HUE[name] ?? ONE_HUE.Oranges;
  return isLight(theme) ? stops : stops.toReversed();
}

/** `options`: Grafana's { mode: 'scheme' | 'opacity', scheme, fill, exponent, steps, reverse }. */
export function heatColours(
  { mode = 'scheme', scheme = 'Oranges', fill = 'dark-orange', exponent = 0.5, steps = 64, reverse = false } = {},
  theme,
) {
  const bend = (share) => Math.min(1, Math.max(0, share)) ** exponent;
  if (mode === 'opacity') {
    const full = colour(fill, theme);
    return (share) => translucent(full, 0.08 + 0.92 * bend(share));
  }
  const blend = gradient(KNOWN[scheme] ?? stopsOf(scheme, theme), theme);
  const levels = Math.min(128, Math.max(2, steps));
  const colours = Array.from({ length: levels }, (_, level) =>
    blend((reverse ? levels - 1 - level : level) / (levels - 1)),
  );
  return (share) => colours[Math.min(levels - 1, Math.floor(Math.min(1, Math.max(0, share)) * levels))];
}
