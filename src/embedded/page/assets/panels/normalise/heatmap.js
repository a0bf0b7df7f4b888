// The `heatmap` panel of Grafana 8 and before in today's form.

const scheme = (name = 'interpolateOranges') => name.replace(/^interpolate/, '');

const number = (value) => (value === null || value === undefined || value === '' ? undefined : Number(value));

function buckets(panel, axis) {
  const [size, count] =
    axis === 'x' ? [panel.xBucketSize, panel.xBucketNumber] : [panel.yBucketSize, panel.yBucketNumber];
  if (size) return { mode: 'size', value: String(size) };
  return count ? { mode: 'count', value: String(count) } : undefined;
}

export function fromHeatmap(panel) {
  const { color = {}, yAxis = {}, dataFormat, tooltip = {}, legend = {} } = panel;
  const log = yAxis.logBase > 1 ? { scale: { type: 'log', log: yAxis.logBase } } : {};
  return {
    ...panel,
    options: {
      calculate: dataFormat !== 'tsbuckets',
      calculation: { xBuckets: buckets(panel, 'x'), yBuckets: { ...buckets(panel, 'y'), ...log } },
      color: {
        mode: color.mode === 'opacity' ? 'opacity' : 'scheme',
        scheme: scheme(color.colorScheme),
        fill: color.cardColor,
        exponent: color.exponent ?? 0.5,
        steps: 64,
        min: number(color.min),
        max: number(color.max),
      },
      yAxis: {
        unit: yAxis.format,
        decimals: number(yAxis.decimals),
        min: number(yAxis.min),
        max: number(yAxis.max),
        axisPlacement: yAxis.show === false ? 'hidden' : 'left',
      },
      cellGap: panel.cards?.cardPadding ?? 1,
      tooltip: { show: tooltip.show !== false },
      legend: { show: legend.show !== false },
    },
  };
}
