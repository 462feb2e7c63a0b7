'use strict';
/** What the pages' charts share: numbers in words, keys and captions, a chart's frame, and drawing anew when the scheme changes. */
const charts = (() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const narrow = matchMedia('(max-width: 44rem)');
  const DASHES = ['solid', [7, 4], [2, 3], [10, 3, 2, 3], [14, 4], [5, 2, 2, 2, 2, 2], [1, 2], [10, 6]];
  const SYMBOLS = ['circle', 'triangle', 'diamond', 'rect', 'emptyCircle', 'emptyTriangle', 'emptyDiamond', 'emptyRect'];
  const drawn = []; // {element, make, renderer, instance}
  const repaint = []; // what else is done before all charts are drawn anew

  // ---- numbers and small words -------------------------------------------------------------------------------------------------
  const minus = (s) => s.replace('-', '−');
  const fixed = (v, digits) => (v == null || !isFinite(v) ? '–' : minus(v.toFixed(digits)));
  const precise = (v, digits = 3) => (v == null || !isFinite(v) ? '–' : minus(Number(v.toPrecision(digits)).toString()));
  const grouped = (v) => Number(v).toLocaleString('en-US');
  const signed = (v, digits) => (v > 0 ? '+' : '') + fixed(v, digits);
  const listed = (words) => (words.length < 2 ? words.join('') : words.slice(0, -1).join(', ') + ' and ' + words.at(-1));
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (i) => css('--n' + (i % 8));
  const dash = (i) => DASHES[i % DASHES.length];
  const symbol = (i) => SYMBOLS[i % SYMBOLS.length];

  function element(tag, attributes = {}, ...children) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    e.append(...children);
    return e;
  }

  /** A stroke and a symbol as the charts draw them, so that a legend is read by form first. */
  function key(i, { line = true, mark = symbol(i), stroke = dash(i), hue = '--n' + (i % 8) } = {}) {
    const pattern = stroke === 'solid' ? '' : ` stroke-dasharray="${stroke.join(' ')}"`;
    const empty = mark.startsWith('empty');
    const shape = mark.replace('empty', '').toLowerCase();
    const shapes = {
      circle: '<circle cx="C" cy="7" r="4"',
      rect: '<rect x="L" y="3" width="8" height="8"',
      triangle: '<path d="MC 2 l5 9 h-10 Z"',
      diamond: '<path d="MC 1.5 l5 5.5 -5 5.5 -5 -5.5 Z"',
    };
    const span = element('span', { 'aria-hidden': 'true' });
    span.style.color = `var(${hue})`;
    span.style.lineHeight = '0';
    const centre = line ? 24 : 7;
    span.innerHTML = `<svg width="${2 * centre}" height="14" viewBox="0 0 ${2 * centre} 14">`
      + (line ? `<path d="M0 7H48" stroke="currentColor" stroke-width="2"${pattern}/>` : '')
      + (shapes[shape] ? `${shapes[shape].replace('C', centre).replace('L', centre - 4)} stroke="currentColor" stroke-width="1.5" fill="${empty ? 'var(--paper)' : 'currentColor'}"/>` : '')
      + '</svg>';
    return span;
  }

  /** A symbol and its colours for ECharts, whose own hollow symbols are white inside on any paper. */
  function mark(name, hue, more = {}) {
    const hollow = name.startsWith('empty');
    return {
      symbol: name.replace('empty', '').replace(/^./, (c) => c.toLowerCase()),
      itemStyle: { color: hollow ? css('--paper') : hue, borderColor: hollow ? hue : undefined, borderWidth: hollow ? 1.5 : 0, ...more },
    };
  }

  function legend(entries) {
    return element('ul', { class: 'legend' }, ...entries.map(([mark, text]) => element('li', {}, mark, text)));
  }

  function caption(id, title, text, ...more) {
    const figure = document.getElementById(id);
    figure.append(element('figcaption', {}, element('h3', {}, title), element('p', {}, text), ...more));
    return figure;
  }

  function missing(id, text) {
    document.getElementById(id).append(element('p', { class: 'missing' }, text));
  }

  /** Every chart keeps to its box, whatever changes that. */
  const fitted = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const i = echarts.getInstanceByDom(target);
      if (i && (i.getWidth() !== target.clientWidth || i.getHeight() !== target.clientHeight)) i.resize();
    }
  });

  // ---- charts ------------------------------------------------------------------------------------------------------------------
  function add(parent, label, make, renderer = 'svg') {
    const box = element('div', { class: 'chart', role: 'img', 'aria-label': label });
    parent.append(box);
    const chart = { element: box, make, renderer, instance: null };
    drawn.push(chart);
    draw(chart);
    fitted.observe(box);
    return chart;
  }

  function draw(chart) {
    chart.instance ??= echarts.init(chart.element, null, { renderer: chart.renderer, devicePixelRatio: Math.max(2, devicePixelRatio) });
    chart.instance.setOption(chart.make(), true);
    chart.element.ondblclick = () => chart.instance.dispatchAction({ type: 'dataZoom', batch: [{ dataZoomIndex: 0, start: 0, end: 100 }, { dataZoomIndex: 1, start: 0, end: 100 }] });
  }

  /** A chart that is taken off the page. */
  function remove(chart) {
    fitted.unobserve(chart.element);
    chart.instance.dispose();
    drawn.splice(drawn.indexOf(chart), 1);
  }

  function axis(name, more = {}) {
    return {
      type: 'value', scale: true, name, nameLocation: 'middle', nameGap: 28,
      nameTextStyle: { color: css('--soft'), fontSize: 12 },
      axisLine: { show: true, lineStyle: { color: css('--soft') } },
      axisTick: { show: true, lineStyle: { color: css('--soft') } },
      axisLabel: { color: css('--soft'), fontSize: 11, hideOverlap: true, formatter: (v) => minus(Number(v.toPrecision(6)).toLocaleString('en-US', { maximumSignificantDigits: 6 })) },
      splitLine: { lineStyle: { color: css('--faint') } },
      ...more,
    };
  }

  function frame(x, y, series, more = {}) {
    const touch = matchMedia('(pointer: coarse)').matches;
    return {
      animation: false, textStyle: { fontFamily: css('--sans'), color: css('--ink') },
      grid: { left: 52, right: 16, top: 14, bottom: 44 },
      xAxis: x, yAxis: y, series,
      dataZoom: [{ type: 'inside', xAxisIndex: 0 }, { type: 'inside', yAxisIndex: 0 }].map((z) => ({
        ...z, filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: !touch, moveOnMouseWheel: false, preventDefaultMouseMove: !touch })),
      tooltip: {
        trigger: 'item', confine: true, className: 'tip', backgroundColor: css('--paper'), borderColor: css('--rule'), borderWidth: 1,
        padding: [6, 10], textStyle: { color: css('--ink'), fontSize: 12 }, extraCssText: 'box-shadow:0 2px 10px #0002',
        axisPointer: { lineStyle: { color: css('--soft'), width: 1, type: 'solid' } },
      },
      ...more,
    };
  }

  const rows = (head, lines) => `<b>${head}</b><table>${lines.map((l) => `<tr>${l.map((c) => `<td>${c}</td>`).join('')}</tr>`).join('')}</table>`;
  const escape = (s) => s.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

  const redraw = () => { repaint.forEach((f) => f()); drawn.forEach(draw); };
  dark.addEventListener('change', redraw);
  narrow.addEventListener('change', redraw);
  addEventListener('beforeprint', () => { document.documentElement.classList.add('print'); document.querySelectorAll('details').forEach((d) => { d.open = true; }); redraw(); });
  addEventListener('afterprint', () => { document.documentElement.classList.remove('print'); redraw(); });

  return {
    dark, narrow, drawn, repaint, minus, fixed, precise, grouped, signed, listed, css, colour, dash, symbol,
    element, key, mark, legend, caption, missing, add, remove, axis, frame, rows, escape,
  };
})();
