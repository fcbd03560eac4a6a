import { spendPicture } from '../workload/picture.ts';
import { type SpendPanel, SpendRecorder } from '../workload/spend-recorder.ts';
import { assert, suite } from './harness/suite.ts';
import { type Sample, sampleOutcome } from './workload-sample.ts';

const test = suite('workload picture');
let sample: Sample;

test.before(async () => {
  sample = await sampleOutcome();
});

/** Texts of an SVG in order. */
const textsOf = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);

test('M-01 the picture names each node, its spend and budget, units, and emergencies', () => {
  const texts = textsOf(spendPicture({ title: 'demo', panels: sample.panels }));
  for (const text of [
    'demo',
    'spent',
    'held',
    'budget',
    'coders: spent $19.97 of $20.00',
    'time since start, minutes',
    '$20',
    'notice, warning, critical',
    'exhausted',
  ]) {
    assert.ok(texts.includes(text), `${text} is not in ${texts.join(' | ')}`);
  }
});

test('the picture is one self-contained SVG on a light background', () => {
  const svg = spendPicture({ title: 'a <b> & "c"', panels: sample.panels });
  assert.match(svg, /^<svg [^>]*viewBox="0 0 1100 \d+"/);
  assert.match(svg, /fill="#ffffff"/);
  assert.not.match(svg, /<script|<image|href="http|NaN|undefined/);
  assert.ok(textsOf(svg).includes('a &lt;b&gt; &amp; &quot;c&quot;'));
});

test('a budget is drawn as a dashed line, or named when it is far above the course', () => {
  const [panel] = sample.panels;
  if (panel === undefined) throw new Error('no panel');
  const dashed = (capMicro: number | null) => {
    const svg = spendPicture({ title: '', panels: [{ ...panel, marks: [], capMicro }] });
    const heading = textsOf(svg).find((text) => text?.startsWith('coders'));
    return [/ d="M[^>]*stroke="#c62828"[^>]*stroke-dasharray/.test(svg), heading];
  };
  assert.equal(dashed(20_000_000), [true, 'coders: spent $19.97 of $20.00']);
  const far = 'coders: spent $19.97 of $900.00 (above the picture)';
  assert.equal(dashed(900_000_000), [false, far]);
  assert.equal(dashed(null), [false, 'coders: spent $19.97, no budget']);
});

test('a course that ends early goes on level to the end of the time axis', () => {
  const panel = (path: string, endMs: number): SpendPanel => ({
    path,
    capMicro: null,
    marks: [],
    points: [0, endMs].map((atMs) => ({ atMs, spentMicro: 1e6 + atMs, heldMicro: 0 })),
  });
  const svg = spendPicture({ title: '', panels: [panel('short', 10_000), panel('long', 90_000)] });
  const lines = [...svg.matchAll(/<path d="(M[^"]*)" fill="none"[^>]*stroke="#3873c4"/g)];
  assert.is(lines.length, 2);
  // The plots end 40 pixels before the right edge of 1,100.
  for (const [, path] of lines) assert.match(path ?? '', /L1060 /);
});

test('no course, one point and more panels than fit are pictures too', () => {
  const empty: SpendPanel = { path: 't', capMicro: null, points: [], marks: [] };
  const point = { atMs: 0, spentMicro: 5, heldMicro: 0 };
  const single: SpendPanel = { ...empty, path: 'one', capMicro: 0, points: [point] };
  for (const panels of [[], [empty], [single, empty], new Array<SpendPanel>(9).fill(single)]) {
    assert.not.match(spendPicture({ title: 't', panels }), /NaN|undefined|Infinity/);
  }
  const many = Array.from({ length: 9 }, (_, i) => ({ ...single, path: `node-${i}` }));
  const texts = textsOf(spendPicture({ title: 't', panels: many })).join(' ');
  assert.match(texts, /node-5/);
  assert.not.match(texts, /node-6/);
});

test('a long course is thinned without losing its peak, its end or its order', () => {
  const recorder = new SpendRecorder();
  for (let i = 0; i < 20_000; i += 1) {
    const heldMicro = i === 7_777 ? 1_000_000 : i % 7;
    recorder.record({ path: 't', atMs: i * 3, spentMicro: i, heldMicro });
  }
  const { points } = recorder.panel({ path: 't', capMicro: null, marks: [] });
  assert.ok(points.length <= 601 && points.length > 200, `${points.length}`);
  assert.is(Math.max(...points.map((point) => point.heldMicro)), 1_000_000);
  assert.equal(points.at(-1), { atMs: 59_997, spentMicro: 19_999, heldMicro: 19_999 % 7 });
  for (let i = 1; i < points.length; i += 1) {
    assert.ok((points[i]?.atMs ?? 0) >= (points[i - 1]?.atMs ?? 0));
  }
});

test('many points at one instant are thinned as well', () => {
  const recorder = new SpendRecorder();
  for (let i = 0; i < 5_000; i += 1)
    recorder.record({ path: 't', atMs: 5, spentMicro: i, heldMicro: 0 });
  const { points } = recorder.panel({ path: 't', capMicro: null, marks: [] });
  assert.ok(points.length <= 601);
  assert.is(points.at(-1)?.spentMicro, 4_999);
});

test.run();
