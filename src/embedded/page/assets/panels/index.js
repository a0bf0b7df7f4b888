// Which module draws which type of panel; for a type that none draws, the reason in words.

import { mount as bargauge } from './gauge/bars.js';
import { mount as gauge } from './gauge/index.js';
import { mount as heatmap } from './heatmap/index.js';
import { mount as stat } from './stat/index.js';
import { mount as stateTimeline } from './state-timeline/index.js';
import { mount as table } from './table/index.js';
import { mount as text } from './text/index.js';
import { mount as timeseries } from './timeseries/index.js';

const KINDS = {
  bargauge,
  gauge,
  heatmap,
  stat,
  'state-timeline': stateTimeline,
  'status-history': stateTimeline,
  table,
  text,
  timeseries,
};

/** Types with a picture that this page has no drawing for. */
const LATER = {
  alertlist: 'It lists alerts, and nothing here raises any.',
  dashlist: 'It lists dashboards; the menu of this page does.',
  geomap: 'It needs maps from the internet.',
  logs: 'It shows logs, and the store keeps numbers.',
  news: 'It needs a feed from the internet.',
  nodeGraph: 'It shows traces, and the store keeps numbers.',
};

/** { mount(body, panel, context) }, or null; `panel` is one that `normalise` has been through. */
export function panelKind(panel) {
  return Object.hasOwn(KINDS, panel.type) ? { mount: KINDS[panel.type] } : null;
}

/** For the reader, where `panelKind` answers null. */
export function whyNot(panel) {
  const type = panel.type ? `“${panel.type}”` : 'without a type';
  return `This page cannot draw panels ${panel.type ? `of the type ${type}` : type}. ${LATER[panel.type] ?? ''}`.trim();
}
