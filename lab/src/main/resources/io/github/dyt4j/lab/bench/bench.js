(() => {
  const { drawn, fixed, precise, grouped, listed, css, colour, dash, symbol, element, key, mark, legend, caption, missing, add, remove, axis, frame, rows, escape } = charts;
  const data = JSON.parse(document.getElementById('bench-data').textContent);
  const KINDS = { layer: 'layers inside autograd', kernel: 'kernels alone', step: 'whole training steps', pytorch: 'PyTorch' };
  const DIRECTIONS = { both: 'forward + backward', forward: 'forward', backward: 'backward' };

  // ---- what can be drawn: points of one kind, dtype and number of threads are one group, with PyTorch's beside layers ----------------
  const points = data.points.filter((p) => KINDS[p.row.what] && isFinite(p.row.nsPerElement) && p.row.nsPerElement > 0);
  const norms = [...new Set(points.map((p) => p.row.norm))];
  const index = (p) => norms.indexOf(p.row.norm);
  const stroke = (i) => dash(i + 3 * Math.floor(i / 8)); // colours come again after eight norms, with another dash and symbol
  const form = (i) => symbol(i + 4 * Math.floor(i / 8));
  const threads = (n) => (n === 1 ? '1 thread' : `${n} threads`);
  const ns = (v) => (v < 0.1 ? precise(v, 2) : v < 10 ? fixed(v, 2) : v < 100 ? fixed(v, 1) : grouped(Math.round(v)));
  const shape = (r) => `${r.rows} × ${r.width}`;
  const groups = [];
  for (const p of points) {
    const name = `${KINDS[p.row.what]}, ${p.row.dtype}, ${threads(p.row.threads)}`;
    const group = groups.find((g) => g.name === name);
    if (group) group.points.push(p);
    else groups.push({ name, kind: p.row.what, dtype: p.row.dtype, threads: p.row.threads, points: [p] });
  }
  for (const torch of groups.filter((g) => g.kind === 'pytorch')) {
    const beside = groups.find((g) => g.kind === 'layer' && g.dtype === torch.dtype && g.threads === torch.threads);
    if (!beside) continue;
    beside.points.push(...torch.points);
    groups.splice(groups.indexOf(torch), 1);
  }
  groups.sort((a, b) => Object.keys(KINDS).indexOf(a.kind) - Object.keys(KINDS).indexOf(b.kind) || b.threads - a.threads);

  // ---- the limit that a norm of these threads has ---------------------------------------------------------------------------------
  const median = (v) => v.sort((a, b) => a - b)[Math.floor(v.length / 2)];
  function roof(group) {
    const own = group.points.filter((p) => p.row.gbPerSecond && p.row.ofLimit).map((p) => p.row.gbPerSecond / p.row.ofLimit);
    return own.length ? median(own) : data.triadGbPerSecond;
  }

  const keys = (some, line) => legend(norms.flatMap((n, i) => (some.some((p) => index(p) === i) ? [[key(i, { line, mark: form(i), stroke: stroke(i) }), n]] : [])));
  const tip = (p) => rows(escape(p.row.norm), [
    ['shape', shape(p.row)], ['ns an element', precise(p.row.nsPerElement)], ['10th to 90th', `${precise(p.row.p10)} to ${precise(p.row.p90)}`],
    ...p.row.ratio == null ? [] : [['over ' + escape(p.row.baseline ?? ''), `${precise(p.row.ratio)} ± ${precise(100 * p.row.spread, 2)}%`]],
    ...p.row.gbPerSecond == null ? [] : [['GB/s', precise(p.row.gbPerSecond)]]]);

  function note(text, at, more = {}) {
    return { type: 'scatter', data: [at], symbolSize: 1, silent: true, tooltip: { show: false }, itemStyle: { color: 'transparent' }, z: 9,
      label: { show: true, position: 'right', distance: 2, color: css('--soft'), fontSize: 12, formatter: text, ...more } };
  }

  // ---- GB/s over the size of the tensor --------------------------------------------------------------------------------------------
  function bandwidth(group, chosen, scope) {
    const some = chosen.filter((p) => p.row.gbPerSecond > 0);
    if (!some.length) return missing('bandwidth', `No bandwidth was measured for ${scope}.`);
    const limit = roof(group);
    const box = caption('bandwidth', `Bandwidth by size, ${scope}`,
      'Across: the size of the input. Up: bytes that the norm must move over its time. '
      + (limit ? 'The line is the bandwidth roof, what the triad a = b + s·c reaches in memory in the same run; in the shaded part above it a cache serves.' : 'The triad was not measured, so no roof is drawn.'),
      keys(some, true));
    add(box, 'Bandwidth over tensor size', () => {
      const sizes = some.map((p) => p.mib);
      const [left, right] = [Math.min(...sizes) / 1.4, Math.max(...sizes) * 1.4];
      const top = Math.ceil(Math.max(limit ?? 0, ...some.map((p) => p.row.gbPerSecond)) * 1.06 / 10) * 10;
      const series = norms.flatMap((n, i) => {
        const own = some.filter((p) => index(p) === i).sort((a, b) => a.mib - b.mib);
        return own.length ? [{
          type: 'line', name: n, data: own.map((p) => ({ value: [p.mib, p.row.gbPerSecond], p })), symbolSize: 8, showAllSymbol: true, ...mark(form(i), colour(i)),
          lineStyle: { color: colour(i), width: 1.8, type: stroke(i) }, z: 4, tooltip: { formatter: (q) => tip(q.data.p) } }] : [];
      });
      if (limit) {
        series.push({ type: 'line', data: [[left, limit], [right, limit]], symbol: 'none', silent: true, tooltip: { show: false }, z: 1,
          lineStyle: { color: css('--ink'), width: 1.2 }, areaStyle: { origin: 'end', color: css('--faint'), opacity: 1 } });
        series.push(note(`bandwidth roof (triad): ${precise(limit)} GB/s`, [right, limit], { position: 'left', offset: [-4, -9] }));
      }
      return frame(axis('input, MiB', { type: 'log', logBase: 2, min: left, max: right, scale: true, splitLine: { show: false }, minorTick: { show: false },
        axisLabel: { color: css('--soft'), fontSize: 11, showMinLabel: false, showMaxLabel: false, formatter: (v) => precise(v) } }),
      axis('GB/s', { scale: false, min: 0, max: top, nameGap: 36, z: 3 }), series, { grid: { left: 58, right: 16, top: 14, bottom: 44 } });
    });
  }

  // ---- FLOP/s over FLOP a byte -----------------------------------------------------------------------------------------------------
  function roofline(group, chosen, scope) {
    const triad = roof(group);
    const some = chosen.filter((p) => p.flops && p.row.gbPerSecond > 0)
      .map((p) => ({ p, x: p.flops / (p.row.gbPerSecond * p.row.nsPerElement), y: p.flops / p.row.nsPerElement }));
    if (group.threads !== Math.max(...groups.map((g) => g.threads))) return; // the peak is that of all threads
    if (!data.peakGflops || !data.triadGbPerSecond || !triad || !some.length) return;
    const peak = data.peakGflops;
    const box = caption('roofline', `The classic roofline, ${scope}`,
      'Across: operations a byte moved. Up: operations a second. Operations are estimated from the f32 formulas, a multiply-add as two: '
      + `${listed([...new Map(some.map(({ p }) => [p.row.norm, `${p.flops} an element for ${p.row.norm}`])).values()])}. One mark is one shape. `
      + 'The slope is the triad’s bandwidth, the level the machine’s peak. A norm further to the right does more arithmetic for its bytes, which is no merit: the time is in the other charts.',
      keys(some.map(({ p }) => p), false));
    add(box, 'Roofline', () => {
      const ridge = peak / triad;
      const left = Math.min(...some.map((s) => s.x)) / 2.5;
      const right = Math.max(ridge, ...some.map((s) => s.x)) * 3;
      const bottom = Math.min(left * triad, ...some.map((s) => s.y)) / 1.2;
      const log = { type: 'log', scale: true, axisLabel: { color: css('--soft'), fontSize: 11, showMinLabel: false, showMaxLabel: false, formatter: (v) => precise(v) }, splitLine: { show: false } };
      return frame(axis('FLOP a byte', { ...log, min: left, max: right }), axis('GFLOP/s', { ...log, min: bottom, max: peak * 1.8, nameGap: 36 }), [
        { type: 'line', data: [[left, left * triad], [ridge, peak], [right, peak]], symbol: 'none', silent: true, tooltip: { show: false }, lineStyle: { color: css('--ink'), width: 1.2 } },
        note(`peak: ${precise(peak)} GFLOP/s`, [right, peak], { position: 'left', offset: [-4, -9] }),
        note(`bandwidth roof: ${precise(triad)} GB/s`, [Math.sqrt(left * ridge), Math.sqrt(left * ridge) * triad], { position: 'left', offset: [-6, -8] }),
        ...norms.map((n, i) => ({
          type: 'scatter', name: n, symbolSize: 11, ...mark(form(i), colour(i), { opacity: 0.9 }), z: 4,
          data: some.filter(({ p }) => index(p) === i).map((s) => ({ value: [s.x, s.y], p: s.p })), tooltip: { formatter: (q) => tip(q.data.p) } })),
      ], { grid: { left: 58, right: 16, top: 14, bottom: 44 } });
    });
  }

  // ---- time, one panel a shape -----------------------------------------------------------------------------------------------------
  function times(chosen, scope) {
    if (!chosen.length) return missing('times', `Nothing was timed for ${scope}.`);
    const box = caption('times', `Nanoseconds an element, ${scope}`,
      'A bar is the median over rounds, the whisker goes from the 10th to the 90th percentile. All panels have one scale; shorter is faster.'
      + (chosen.some((p) => p.row.what === 'pytorch') ? ' PyTorch’s rows come from a run of their own.' : ''));
    const grid = element('div', { class: 'panels shapes' });
    box.append(grid);
    const top = Math.max(...chosen.map((p) => Math.max(p.row.nsPerElement, p.row.p90))) * 1.18;
    for (const name of new Set(chosen.map((p) => shape(p.row)))) {
      const own = chosen.filter((p) => shape(p.row) === name);
      const panel = element('div', { class: 'panel' }, element('h5', {}, `${name} (${precise(own[0].mib)} MiB)`));
      grid.append(panel);
      const chart = add(panel, `Time an element at ${name}`, () => frame(
        axis('', { scale: false, min: 0, max: top, splitNumber: 4, axisLabel: { color: css('--soft'), fontSize: 11, showMaxLabel: false, formatter: (v) => precise(v) } }),
        { type: 'category', data: own.map((p) => p.row.norm), inverse: true, axisTick: { show: false }, axisLine: { lineStyle: { color: css('--soft') } },
          axisLabel: { color: css('--ink'), fontSize: 11.5, interval: 0, width: 165, overflow: 'truncate' } },
        [
          { type: 'bar', barWidth: '58%', data: own.map((p) => ({ value: p.row.nsPerElement, p, itemStyle: { color: colour(index(p)), opacity: p.row.what === 'pytorch' ? 0.45 : 0.8 } })), tooltip: { formatter: (q) => tip(q.data.p) } },
          ...own.map((p, y) => ({
            type: 'line', silent: true, tooltip: { show: false }, z: 5, symbol: 'rect', symbolSize: [1.5, 9], showAllSymbol: true,
            data: [[p.row.p10, y], { value: [Math.max(p.row.p90, p.row.nsPerElement), y], label: { show: true, position: 'right', distance: 6, color: css('--ink'), fontSize: 11.5, formatter: ns(p.row.nsPerElement) } }],
            itemStyle: { color: css('--ink') }, lineStyle: { color: css('--ink'), width: 1.2 } })),
        ], { grid: { left: 176, right: 8, top: 6, bottom: 24 }, dataZoom: [] }));
      chart.element.style.height = 2.4 + 1.75 * own.length + 'rem';
      chart.instance.resize();
    }
  }

  // ---- a LLaMA: what its norms take, and where its time goes ---------------------------------------------------------------------------
  const llama = data.points.map((p) => p.row).filter((r) => r.what.startsWith('llama') && r.what.includes(': '))
    .map((r) => ({ row: r, scope: r.what.slice(0, r.what.indexOf(': ')), kind: r.what.slice(r.what.indexOf(': ') + 2), ms: (v) => v * r.rows / 1e6 }));
  const place = (l) => `${l.scope}, ${l.row.dtype}, ${threads(l.row.threads)}`;
  const groupedBy = (list, name) => [...list.reduce((m, l) => m.set(name(l), [...m.get(name(l)) ?? [], l]), new Map())];
  const llamaTip = (l) => rows(escape(l.row.norm), [['ms', precise(l.ms(l.row.nsPerElement))], ['10th to 90th', `${precise(l.ms(l.row.p10))} to ${precise(l.ms(l.row.p90))}`],
    ...l.row.ratio == null ? [] : [['of ' + escape(l.row.baseline ?? ''), `${precise(100 * l.row.ratio)}%`]]]);

  function llamaNorms() {
    const some = llama.filter((l) => /^norms in (inference|training)$/.test(l.kind));
    if (!some.length) return;
    const box = caption('llama-norms', 'Milliseconds of the norms in a pass',
      'A pass minus the pass with identity in every norm slot, of the same round. A bar is the median over rounds, the whisker goes from the 10th to the 90th percentile: where it reaches 0, nothing can be told from the noise.');
    const grid = element('div', { class: 'panels shapes' });
    box.append(grid);
    for (const [name, own] of groupedBy(some, (l) => `${l.kind.replace('norms in ', '')}: ${place(l)}`)) {
      const panel = element('div', { class: 'panel' }, element('h5', {}, name));
      grid.append(panel);
      const low = Math.min(0, ...own.map((l) => l.ms(l.row.p10)));
      const high = Math.max(0, ...own.map((l) => l.ms(Math.max(l.row.p90, l.row.nsPerElement))));
      const room = (high - low) * 0.2;
      const chart = add(panel, `Milliseconds of the norms, ${name}`, () => frame(
        axis('', { scale: false, min: low < 0 ? low - room / 4 : 0, max: high + room, splitNumber: 4, axisLabel: { color: css('--soft'), fontSize: 11, showMinLabel: false, showMaxLabel: false, formatter: (v) => precise(v) } }),
        { type: 'category', data: own.map((l) => l.row.norm), inverse: true, axisTick: { show: false }, axisLine: { onZero: false, lineStyle: { color: css('--soft') } },
          axisLabel: { color: css('--ink'), fontSize: 11.5, interval: 0, width: 165, overflow: 'truncate' } },
        [
          { type: 'bar', barWidth: '58%', data: own.map((l, i) => ({ value: l.ms(l.row.nsPerElement), l, itemStyle: { color: colour(i), opacity: 0.8 } })), tooltip: { formatter: (q) => llamaTip(q.data.l) } },
          ...own.map((l, y) => ({
            type: 'line', silent: true, tooltip: { show: false }, z: 5, symbol: 'rect', symbolSize: [1.5, 9], showAllSymbol: true,
            data: [[l.ms(l.row.p10), y], { value: [l.ms(l.row.p90), y], label: { show: true, position: 'right', distance: 6, color: css('--ink'), fontSize: 11.5, formatter: precise(l.ms(l.row.nsPerElement)) } }],
            itemStyle: { color: css('--ink') }, lineStyle: { color: css('--ink'), width: 1.2 } })),
        ], { grid: { left: 176, right: 8, top: 6, bottom: 24 }, dataZoom: [] }));
      chart.element.style.height = 2.4 + 1.75 * own.length + 'rem';
      chart.instance.resize();
    }
  }

  function llamaParts() {
    const some = llama.filter((l) => l.kind.startsWith('parts of '));
    if (!some.length) return;
    const wholes = groupedBy(some, (l) => `${l.kind.replace('parts of ', '')}: ${place(l)}`);
    const parts = [...new Set(some.map((l) => l.row.norm))];
    const faded = (i) => (i < 8 ? 0.85 : 0.4); // colours come again after eight parts
    const box = caption('llama-parts', 'Where the time goes',
      'Each part was timed alone on the shapes that it has in the whole, in the same rounds; the rest is what they leave. In percent of the whole’s median time.',
      legend(parts.map((n, i) => { const k = key(i, { line: false, mark: 'rect' }); k.style.opacity = faded(i); return [k, n]; })));
    for (const [name, own] of wholes) {
      box.append(element('h5', {}, name));
      const chart = add(box, `Where the time goes, ${name}`, () => frame(
        axis('', { scale: false, min: Math.min(0, ...own.map((l) => 100 * l.row.ratio)), axisLabel: { color: css('--soft'), fontSize: 11, formatter: (v) => `${precise(v)}%` } }),
        { type: 'category', data: [''], axisTick: { show: false }, axisLine: { show: false } },
        own.map((l) => {
          const i = parts.indexOf(l.row.norm);
          return { type: 'bar', stack: 'all', name: l.row.norm, data: [{ value: 100 * l.row.ratio, l }], barWidth: '70%', itemStyle: { color: colour(i), opacity: faded(i) },
            label: { show: l.row.ratio > 0.06, color: css('--ink'), fontSize: 11, formatter: `${fixed(100 * l.row.ratio, 0)}%` }, tooltip: { formatter: (q) => llamaTip(q.data.l) } };
        }), { grid: { left: 8, right: 16, top: 4, bottom: 24 }, dataZoom: [] }));
      chart.element.style.height = '5rem';
      chart.instance.resize();
    }
  }

  llamaNorms();
  llamaParts();
  const charted = drawn.length; // which the choices below leave alone

  // ---- the choices, for all charts -------------------------------------------------------------------------------------------------
  const choice = { group: 0, direction: 'both' };
  function radios(title, name, options, chosen) {
    return element('fieldset', { class: 'choice' }, element('legend', {}, title), ...options.map(([value, text]) => {
      const input = element('input', { type: 'radio', name });
      input.checked = value === chosen;
      input.addEventListener('change', () => { choice[name] = value; show(); document.querySelector(`input[name=${name}]:checked`)?.focus(); });
      return element('label', {}, input, text);
    }));
  }

  function show() {
    for (const chart of drawn.slice(charted)) remove(chart);
    for (const id of ['bandwidth', 'roofline', 'times']) document.getElementById(id).replaceChildren();
    const group = groups[choice.group];
    const known = Object.keys(DIRECTIONS).filter((d) => group.points.some((p) => p.row.direction === d));
    if (!known.includes(choice.direction)) choice.direction = known[0];
    const chosen = group.points.filter((p) => p.row.direction === choice.direction);
    const scope = `${DIRECTIONS[choice.direction]}: ${group.name}`;
    document.getElementById('choose').replaceChildren(
      ...groups.length > 1 ? [radios('Charts show', 'group', groups.map((g, i) => [i, g.name]), choice.group)] : [],
      ...known.length > 1 ? [radios('Direction', 'direction', known.map((d) => [d, DIRECTIONS[d]]), choice.direction)] : []);
    bandwidth(group, chosen, scope);
    roofline(group, chosen, scope);
    times(chosen, scope);
  }

  if (groups.length) show();
  else if (llama.length) ['limit', 'time'].forEach((id) => document.getElementById(id).remove());
  else ['bandwidth', 'times'].forEach((id) => missing(id, 'No row of this run can be drawn.'));
})();
