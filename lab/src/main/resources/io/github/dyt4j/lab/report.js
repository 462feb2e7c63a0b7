(() => {
  const { dark, narrow, drawn: onPage, repaint, fixed, precise, grouped, signed, listed, css, colour, dash, symbol } = charts;
  const { element, key, mark, legend, caption, missing, add, remove, axis, frame, rows, escape } = charts;
  const data = JSON.parse(document.getElementById('report-data').textContent);
  const { metric, norms } = data;
  const SITE_SYMBOLS = { attention: 'circle', mlp: 'triangle', final: 'diamond' };
  const baseline = norms.find((n) => n.baseline);
  const unit = metric.unit === '%' ? ' %' : metric.unit ? ' ' + metric.unit : '';
  const points = metric.unit === '%' ? ' points' : unit;
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const sd = (values) => {
    const m = mean(values);
    return Math.sqrt(values.reduce((a, b) => a + (b - m) * (b - m), 0) / (values.length - 1));
  };

  // ---- the difference from the baseline, seed by seed ---------------------------------------------------------------------------
  function difference() {
    const others = norms.filter((n) => !n.baseline && n.differences.length);
    if (!baseline || !others.length) return missing('difference', 'The differences are drawn once a seed has been run with two norms.');
    const figure = caption('difference', `How far from ${baseline.label}, seed by seed`,
      `Each small mark is one seed: its ${metric.name} minus that of ${baseline.label} with the same seed. The large mark is the mean, the heavy bar its 95% interval over seeds; `
      + `the light dashed bar below it is the 95% interval over test ${data.example}s. A bar that reaches the zero line shows no difference. ${metric.higherIsBetter ? 'Right' : 'Left'} is better.`);
    const chart = add(figure, 'Paired differences from the baseline', () => {
      const series = [];
      others.forEach((n, row) => {
        const i = norms.indexOf(n);
        const s = n.summary;
        const y = others.length - 1 - row;
        const bar = (low, high, at, width, type) => ({
          type: 'line', data: [[low, at], [high, at]], symbol: 'none', silent: true, tooltip: { show: false }, lineStyle: { color: colour(i), width, type, cap: 'butt' } });
        if (s.low95 != null) series.push(bar(s.low95, s.high95, y, 4, 'solid'));
        if (s.bootstrapLow95 != null) series.push(bar(s.bootstrapLow95, s.bootstrapHigh95, y - 0.22, 1.5, [4, 3]));
        series.push({
          type: 'scatter', name: n.label, symbolSize: 7, ...mark('emptyCircle', colour(i)),
          data: n.differences.map((d) => ({ value: [d.value, y + 0.2], seed: d.seed })),
          tooltip: { formatter: (p) => `${escape(n.label)}, seed ${p.data.seed}: <b>${signed(p.value[0], metric.digits)}</b>${points}` } });
        series.push({
          type: 'scatter', name: n.label, symbol: symbol(i), symbolSize: 14, itemStyle: { color: colour(i), borderColor: css('--paper'), borderWidth: 1.5 },
          data: [[s.difference, y]], z: 5,
          tooltip: { formatter: () => rows(escape(n.label), [['difference', signed(s.difference, metric.digits) + points],
            ['95% over seeds', s.low95 == null ? 'needs two seeds' : `${signed(s.low95, metric.digits)} to ${signed(s.high95, metric.digits)}`],
            [`95% over ${data.example}s`, s.bootstrapLow95 == null ? '–' : `${signed(s.bootstrapLow95, metric.digits)} to ${signed(s.bootstrapHigh95, metric.digits)}`]]) } });
      });
      const ends = others.flatMap((n) => [...n.differences.map((d) => d.value), n.summary.low95 ?? 0, n.summary.high95 ?? 0, n.summary.bootstrapLow95 ?? 0, n.summary.bootstrapHigh95 ?? 0]).concat(0);
      const room = (Math.max(...ends) - Math.min(...ends) || 1) * 0.06;
      return frame(axis(`difference in ${metric.name}${points ? ',' + points : ''}`, { scale: false, axisLine: { onZero: false, lineStyle: { color: css('--soft') } }, min: Math.min(...ends) - room, max: Math.max(...ends) + room, axisLabel: { color: css('--soft'), fontSize: 11, showMinLabel: false, showMaxLabel: false, formatter: (v) => (v > 0 ? '+' : '') + precise(v) } }),
        axis('', { min: -0.5, max: others.length - 0.4, interval: 1, axisLabel: { show: false }, axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: false } }),
        [...series, { type: 'line', data: [[0, -0.5], [0, others.length - 0.4]], symbol: 'none', silent: true, tooltip: { show: false }, lineStyle: { color: css('--n0'), width: 1 }, z: 1 }],
        { grid: { left: 16, right: 16, top: 6, bottom: 44 } });
    });
    chart.element.style.height = 5 + 4.2 * others.length + 'rem';
    chart.instance.resize();
    chart.element.before(legend(others.map((n) => [key(norms.indexOf(n), { stroke: 'solid' }), n.label]).concat([[key(0, { mark: 'none', stroke: 'solid' }), `zero: ${baseline.label}`]])));
  }

  // ---- curves: the mean over seeds, every seed as a thin line ---------------------------------------------------------------------
  /** Means over the seeds that reached a step. */
  function averaged(curves) {
    const at = new Map();
    for (const c of curves) for (const [x, y] of c) if (y != null) at.set(x, [...(at.get(x) ?? []), y]);
    return [...at].sort((a, b) => a[0] - b[0]).map(([x, ys]) => [x, mean(ys), ys]);
  }

  /** @param shown what is drawn of a value: itself, or e to it */
  function curves(id, pick, yName, label, digits, title, text, shown = (y) => y) {
    const drawn = norms.map((n, i) => ({ n, i, lines: n.curves.map(pick).filter((c) => c.length) })).filter((d) => d.lines.length)
      .map((d) => ({
        ...d, lines: d.lines.map((c) => c.map(([x, y]) => [x, shown(y)])), mean: averaged(d.lines).map(([x, m, ys]) => [x, shown(m), ys.map(shown)]) }));
    if (!drawn.length) return missing(id, `No ${label} has been recorded yet.`);
    const figure = caption(id, title(drawn), text, legend(drawn.map((d) => [key(d.i), d.n.label])));
    add(figure, title(drawn), () => {
      const direct = !narrow.matches;
      const shift = direct ? apart(drawn) : [];
      const series = drawn.flatMap(({ n, i, lines, mean: m }) => [
        ...lines.length > 1 ? lines.map((c) => ({
          type: 'line', data: c, symbol: 'none', silent: true, lineStyle: { color: colour(i), width: 0.8, opacity: 0.45 }, z: 2 })) : [],
        {
          id: 'mean-' + i, name: n.label, type: 'line', data: m.map(([x, y]) => [x, y]), ...mark(symbol(i), colour(i)), showAllSymbol: true,
          symbolSize: (_, p) => (m.length <= 24 || p.dataIndex % Math.ceil(m.length / 12) === Math.floor(m.length / 24) ? 7 : 0),
          lineStyle: { color: colour(i), width: 2, type: dash(i) }, z: 4 + i, emphasis: { disabled: true },
          endLabel: { show: direct, formatter: n.label, color: colour(i), fontSize: 12, distance: 8, width: 170, overflow: 'break', offset: [0, shift[i] ?? 0] } }]);
      const option = frame(axis('step', { scale: false, min: 0, max: 'dataMax' }), axis(yName, { nameGap: 38 }), series,
        { grid: { left: 58, right: direct ? 190 : 14, top: 14, bottom: 44 } });
      option.tooltip = {
        ...option.tooltip, trigger: 'axis',
        formatter: (items) => {
          const x = items[0].value[0];
          const lines = drawn.map((d) => [d, d.mean.find((p) => p[0] === x)]).filter(([, p]) => p)
            .map(([d, p]) => [escape(d.n.label), `<b>${fixed(p[1], digits)}</b>`, p[2].length > 1 ? '± ' + fixed(sd(p[2]), digits) : '']);
          return rows('step ' + grouped(x) + (data.stepsPerEpoch ? `, epoch ${precise(x / data.stepsPerEpoch)}` : ''), lines);
        },
      };
      return option;
    });
  }

  /** How many pixels up or down each end label moves so that none covers another; the scale is a guess from the values drawn. */
  function apart(drawn) {
    const values = drawn.flatMap((d) => d.lines.flat().map((p) => p[1]));
    const perPixel = (Math.max(...values) - Math.min(...values)) / 280 || 1;
    const shift = [];
    let last = -Infinity;
    for (const d of [...drawn].sort((a, b) => b.mean.at(-1)[1] - a.mean.at(-1)[1])) { // from the top down
      const at = -d.mean.at(-1)[1] / perPixel;
      shift[d.i] = Math.max(0, last + 15 - at);
      last = at + shift[d.i];
    }
    return shift;
  }

  const ends = (drawn, digits) => listed(drawn.map((d) => `${fixed(d.mean.at(-1)[1], digits)} with ${d.n.label}`));

  // ---- the norm's input against its output -------------------------------------------------------------------------------------
  /** Four indices from first to last, or all. */
  const spread = (n, all) => (all || n <= 4 ? [...Array(n).keys()] : [0, 1, 2, 3].map((k) => Math.round((k * (n - 1)) / 3)));

  /** Panels of four sites at first, with a choice of all of them. */
  function sitePanels(figure, groups, panel) {
    const body = element('div');
    const count = Math.max(...groups.map((g) => g.sites.length));
    const fill = (all) => {
      onPage.filter((c) => body.contains(c.element)).forEach(remove);
      body.replaceChildren();
      for (const g of groups) {
        body.append(element('div', { class: 'row-title' }, key(g.i), g.n.label));
        const grid = element('div', { class: 'panels' });
        body.append(grid);
        for (const s of spread(g.sites.length, all)) {
          const box = element('div', { class: 'panel' });
          grid.append(box);
          panel(box, g.sites[s], g);
        }
      }
    };
    if (count > 4) {
      const option = (text, all) => {
        const input = element('input', { type: 'radio', name: figure.id + '-sites' });
        input.checked = !all;
        input.addEventListener('change', () => fill(all));
        return element('label', {}, input, text);
      };
      figure.append(element('fieldset', { class: 'choice' }, element('legend', {}, 'Sites'), option('four, from first to last', false), option(`all ${count}`, true)));
    }
    figure.append(body);
    fill(false);
  }

  /** Tokens get a colour of a scale that is also a scale of lightness, and a symbol each. */
  function tokenColour(k, n) {
    const t = n < 2 ? 0 : k / (n - 1);
    const light = dark.matches && !document.documentElement.classList.contains('print');
    return `hsl(${Math.round(265 - 225 * t)}, 65%, ${Math.round(light ? 72 - 12 * t : 30 + 14 * t)}%)`;
  }

  function taps() {
    const groups = norms.map((n, i) => ({ n, i, sites: n.taps })).filter((g) => g.sites.length);
    if (!groups.length) return missing('taps', 'No finished run has been looked into yet.');
    const tokens = groups[0].sites[0].tokens;
    const figure = caption('taps', 'Each token passes a row norm on a line of its own; a pointwise norm has one curve for all',
      `Across: the norm’s input x. Up: its output before γ and β. One mark is one channel of one token of a few test ${data.example}s, after training (first seed); `
      + 'tokens differ in colour and symbol, and pointing at one brings it out. The line is tanh: with the layer’s own α where it is DyT, else the best a·tanh(bx) by least squares, with the '
      + 'share of variance it explains (R²) and beside it that of a straight line. The closer the two, the more nearly linear the norm acts there.',
      legend(tokens.map((t, k) => [key(0, { line: false, mark: symbol(k), hue: '--token' + k }), t.label])));
    const paint = () => tokens.forEach((_, k) => document.documentElement.style.setProperty('--token' + k, tokenColour(k, tokens.length)));
    paint();
    repaint.push(paint);
    sitePanels(figure, groups, (box, site) => {
      const f = site.fit;
      const other = site.tokens.some((t, k) => t.label !== tokens[k]?.label) ? `; marks: ${site.tokens[0].label} to ${site.tokens.at(-1).label}` : '';
      box.append(element('h5', {}, site.name), element('p', {}, (f.exact ? `tanh(${precise(f.b)} x)` : `${precise(f.a)} tanh(${precise(f.b)} x)`) + `, R² ${fixed(f.r2, 3)} (line ${fixed(f.lineR2, 3)})` + other));
      const xs = site.tokens.flatMap((t) => t.points.map((p) => p[0]));
      const [low, high] = [Math.min(...xs), Math.max(...xs)];
      const curve = Array.from({ length: 81 }, (_, k) => low + ((high - low) * k) / 80).map((x) => [x, f.a * Math.tanh(f.b * x)]);
      add(box, `Input against output at ${site.name}`, () => {
        const option = frame(axis('', { splitNumber: 4, axisLine: { onZero: false, lineStyle: { color: css('--soft') } } }), axis('', { splitNumber: 4, axisLine: { onZero: false, lineStyle: { color: css('--soft') } } }), [
          ...site.tokens.map((t, k) => ({
            type: 'scatter', name: t.label, data: t.points, symbolSize: 4.5, ...mark(symbol(k), tokenColour(k, site.tokens.length), { opacity: 0.8 }),
            emphasis: { focus: 'series', scale: 1.6 } })),
          { type: 'line', data: curve, symbol: 'none', silent: true, lineStyle: { color: css('--ink'), width: 1.4, type: f.exact ? 'solid' : [5, 3] }, z: 5, tooltip: { show: false } },
        ], { grid: { left: 34, right: 8, top: 8, bottom: 22 } });
        option.tooltip.formatter = (p) => `${escape(p.seriesName)}<br>x ${precise(p.value[0])} → ${precise(p.value[1])}`;
        return option;
      }, 'canvas');
    });
  }

  // ---- α and 1/std --------------------------------------------------------------------------------------------------------------
  const learned = () => norms.map((n, i) => ({ n, i, sites: n.sites.filter((s) => s.seeds.some((c) => c.points.some((p) => p[1] != null))) })).filter((g) => g.sites.length);
  const final = (s) => {
    const last = s.seeds.map((c) => c.points.at(-1)).filter((p) => p && p[1] != null && p[2] != null);
    return last.length ? { x: mean(last.map((p) => p[2])), y: mean(last.map((p) => p[1])), each: last } : null;
  };

  function alpha() {
    const groups = learned();
    if (!groups.length) return missing('alpha', 'No norm with a learnable α has been recorded yet.');
    // Is α nearer to 1/std, as a ratio, at the end than at the start?
    const sites = groups.flatMap((g) => g.sites.map((s) => {
      const gap = (p) => Math.abs(Math.log(Math.abs(p[1]) * (1 / p[2])));
      const usable = s.seeds.map((c) => c.points.filter((p) => p[1] && p[2])).filter((c) => c.length > 1);
      return usable.length ? [g, mean(usable.map((c) => gap(c[0]))), mean(usable.map((c) => gap(c.at(-1))))] : null;
    })).filter(Boolean);
    const told = groups.map((g) => {
      const own = sites.filter(([h]) => h === g);
      return `at ${own.filter(([, before, after]) => after < before).length} of ${own.length} sites with ${g.n.label}`;
    });
    const figure = caption('alpha', `α ends nearer to 1/std of its input than it began ${listed(told)}`,
      'Across: step. Solid with circles: α; dashed with triangles: 1/std of what the norm sees. Heavy lines are means over seeds, thin ones are seeds. In the paper (its figure 8) the two move together.',
      legend([[key(1, { mark: 'circle', stroke: 'solid', hue: '--ink' }), 'α'], [key(1, { mark: 'triangle', stroke: [5, 4], hue: '--soft' }), '1/std of the input']]));
    sitePanels(figure, groups, (box, site, g) => {
      box.append(element('h5', {}, site.name));
      add(box, `α and 1/std at ${site.name}`, () => {
        const part = (column, name, hue, type, mark) => {
          const lines = site.seeds.map((c) => c.points.filter((p) => p[column] != null).map((p) => [p[0], p[column]]));
          const m = averaged(lines);
          return [
            ...lines.length > 1 ? lines.map((c) => ({ type: 'line', data: c, symbol: 'none', silent: true, lineStyle: { color: hue, width: 0.7, opacity: 0.5 } })) : [],
            { id: name, name, type: 'line', data: m.map(([x, y]) => [x, y]), symbol: mark, showAllSymbol: true, emphasis: { disabled: true },
              symbolSize: (_, p) => (p.dataIndex % Math.ceil(m.length / 5) === 0 || p.dataIndex === m.length - 1 ? 6 : 0), itemStyle: { color: hue }, lineStyle: { color: hue, width: 1.8, type } }];
        };
        const option = frame(axis('', { scale: false, min: 0, max: 'dataMax', splitNumber: 3 }), axis('', { scale: false, min: 0, splitNumber: 3 }),
          [...part(2, '1/std', css('--soft'), [5, 4], 'triangle'), ...part(1, 'α', colour(g.i), 'solid', 'circle')], { grid: { left: 34, right: 14, top: 8, bottom: 22 } });
        option.tooltip = { ...option.tooltip, trigger: 'axis', formatter: (items) => rows('step ' + grouped(items[0].value[0]),
          items.filter((p) => p.seriesId === 'α' || p.seriesId === '1/std').map((p) => [p.seriesName, precise(p.value[1])])) };
        return option;
      });
    });
  }

  function finalAlpha() {
    const groups = learned().map((g) => ({ ...g, ends: g.sites.map((s) => ({ s, at: final(s) })).filter((e) => e.at) })).filter((g) => g.ends.length);
    if (!groups.length) return missing('final-alpha', 'The last α is drawn once a run with one has ended.');
    const r = (ends) => {
      const [mx, my] = [mean(ends.map((e) => e.at.x)), mean(ends.map((e) => e.at.y))];
      const sum = (f) => ends.reduce((a, e) => a + f(e.at.x - mx, e.at.y - my), 0);
      return sum((a, b) => a * b) / Math.sqrt(sum((a) => a * a) * sum((_, b) => b * b));
    };
    const told = listed(groups.map((g) => `r = ${fixed(r(g.ends), 2)} with ${g.n.label}`));
    const kinds = [...new Set(groups.flatMap((g) => g.ends.map((e) => e.s.site)))];
    const form = (kind) => SITE_SYMBOLS[kind] ?? 'rect';
    const figure = caption('final-alpha', `After training, α against 1/std over the sites: ${told}`,
      'One mark is one norm site, mean over seeds; the number is its block, the symbol its kind. On the thin diagonal α equals 1/std. The paper finds a strong positive relation in long training (its figure 8, right).',
      legend(kinds.map((k) => [key(0, { line: false, mark: form(k), hue: '--ink' }), k])));
    const grid = element('div', { class: 'panels wide' });
    figure.append(grid);
    for (const g of groups) {
      const box = element('div', { class: 'panel' });
      grid.append(box);
      box.append(element('div', { class: 'row-title' }, g.n.label));
      add(box, `α against 1/std, ${g.n.label}`, () => {
        const all = g.ends.flatMap((e) => [e.at.x, e.at.y]);
        const log = Math.max(...all) / Math.min(...all) > 12 && Math.min(...all) > 0;
        const top = Math.max(...all) * 1.12;
        const scale = { type: log ? 'log' : 'value', scale: log, min: log ? Math.min(...all) * 0.85 : 0, max: Number(top.toPrecision(2)) };
        const option = frame(axis('1/std of the input', scale), axis('α', { ...scale, nameGap: 34 }), [
          { type: 'line', data: [[scale.min, scale.min], [top, top]], symbol: 'none', silent: true, lineStyle: { color: css('--soft'), width: 1 }, tooltip: { show: false } },
          ...kinds.map((k) => ({
            type: 'scatter', name: k, symbol: form(k), symbolSize: 11, itemStyle: { color: colour(g.i), opacity: 0.85 },
            data: g.ends.filter((e) => e.s.site === k).map((e) => ({ value: [e.at.x, e.at.y], name: e.s.name, n: e.at.each.length })),
            label: { show: true, position: 'right', color: css('--ink'), fontSize: 11, formatter: (p) => p.name.match(/\d+/)?.[0] ?? '' }, labelLayout: { hideOverlap: true } })),
        ], { grid: { left: 52, right: 20, top: 12, bottom: 44 } });
        option.tooltip.formatter = (p) => rows(escape(p.name), [['α', precise(p.value[1])], ['1/std', precise(p.value[0])], ['seeds', p.data.n]]);
        return option;
      });
    }
  }

  // ---- page ---------------------------------------------------------------------------------------------------------------------
  difference();
  curves('loss', (c) => c.train, data.lossName, 'training loss', 3,
    (d) => `Training loss ends at ${ends(d, 3)}`,
    `Heavy lines are means over seeds, thin ones are seeds${data.trainBin > 1 ? `; a point is the mean of ${data.trainBin} steps` : ''}. Point at the chart for values; drag to move, Ctrl and the wheel to zoom, double-click to go back.`);
  curves('test', (c) => c.test, metric.name + (metric.unit ? `, ${metric.unit}` : ''), metric.name, metric.digits,
    (d) => `${metric.name[0].toUpperCase() + metric.name.slice(1)} ends at ${ends(d, metric.digits)}`,
    `Measured on ${metric.perplexity ? 'held-out text' : 'the test set'} through training. Heavy lines are means over seeds, thin ones are seeds.`);
  if (metric.perplexity) {
    curves('perplexity', (c) => c.test, 'perplexity', 'perplexity', 2,
      (d) => `Test perplexity ends at ${ends(d, 2)}`,
      'e to the test loss: of how many equally likely tokens the next one is as hard to tell. Heavy lines are e to the mean loss over seeds, thin ones are seeds.', Math.exp);
  }
  taps();
  alpha();
  finalAlpha();
})();
