// Charts of the console: <div class="chart" data-chart='{"days": [...], "series": [{"name", "values", "kind"}]}'>.
// `kind` is line (default) or bar. Needs vendor/echarts/echarts.common.min.js before it.
(() => {
  "use strict";

  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const colours = [colour("--brand"), colour("--gold"), colour("--busy"), colour("--done")];

  function draw(place) {
    const read = JSON.parse(place.dataset.chart);
    const chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      color: colours,
      textStyle: { fontFamily: colour("--font"), color: colour("--ink-2") },
      grid: { left: 8, right: 12, top: read.series.length > 1 ? 40 : 16, bottom: 4, containLabel: true },
      legend: { show: read.series.length > 1, top: 0, right: 0, icon: "roundRect", itemHeight: 8 },
      // Rich text, because the content security policy refuses styles in markup.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true },
      xAxis: {
        type: "category", data: read.days, axisTick: { show: false },
        axisLine: { lineStyle: { color: colour("--line-strong") } }, axisLabel: { color: colour("--ink-3") },
      },
      yAxis: {
        type: "value", splitLine: { lineStyle: { color: colour("--line") } },
        axisLabel: { color: colour("--ink-3") },
      },
      series: read.series.map((series) => ({
        name: series.name, data: series.values, type: series.kind ?? "line", smooth: 0.3,
        showSymbol: false, symbolSize: 7, lineStyle: { width: 2.5 }, barMaxWidth: 22,
        itemStyle: { borderRadius: [5, 5, 0, 0] },
        areaStyle: (series.kind ?? "line") === "line" ? { opacity: 0.1 } : undefined,
      })),
    });
    new ResizeObserver(() => chart.resize()).observe(place);
  }

  document.querySelectorAll("[data-chart]").forEach(draw);
})();
