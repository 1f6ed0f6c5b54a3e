import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { luDecompose } from '../../src/core/linear-algebra';
import { checkFlow, plainGradients } from '../../src/flow/check';
import { loadFlow, saveFlow } from '../../src/flow/file';
import type { Flow, Loss } from '../../src/flow/flow';
import { add, mul } from '../../src/ops/math';
import { recordedBy } from '../../src/ops/op';
import { sum } from '../../src/ops/reduce';
import { scope } from '../../src/tensor/scope';
import { elements, type Shape, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { Float64Graph } from '../support/float64';
import { FLOW_ROWS, flowOf } from '../support/flow-rows';
import { gpu, randomValues } from '../support/gpu';
import type { Nd } from '../support/rows';

// Every bijection through the same tests; the bijections are in test/support/flow-rows.ts.

const BATCH = 3;

const batchOf = (shapes: readonly Shape[], count = BATCH): Tensor[] =>
  shapes.map((shape, i) => Tensor.from(gpu, [count, ...shape], randomValues(count * elements(shape)), `level ${i}`));

const read = (tensors: readonly Tensor[]) => Promise.all(tensors.map((tensor) => tensor.read()));
const float64 = ({ shape }: Tensor, values: ArrayLike<number>): Nd => ({ shape, values: Float64Array.from(values) });
const magnitude = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The flow as operations in float64: of these levels, and of all parameters. */
async function inFloat64(flow: Flow, x: readonly Tensor[], training: boolean) {
  const graph = new Float64Graph();
  const logDet = Tensor.zeros(gpu, [x[0]!.shape[0]!], 'log det');
  const outputs = recordedBy(graph, () => flow.chain.forwardHere(x, { training }, logDet));
  const { names, fixedNames } = flow.parameters;
  const leaves = new Map<Tensor, Nd>([[logDet, float64(logDet, await logDet.read())]]);
  for (const tensor of [...x, ...[...names, ...fixedNames].map((name) => flow.parameters.get(name))])
    leaves.set(tensor, float64(tensor, await tensor.read()));
  return { leaves, graph, z: outputs.levels, logDet: outputs.logDet! };
}

for (const row of FLOW_ROWS) {
  test(`${row.name}: the inverse undoes it, and z and log det are those of float64`, async () => {
    const flow = flowOf(gpu, row);
    const x = batchOf(row.shapes);
    const { z, logDet } = flow.forward(x);
    for (const [i, values] of (await read(flow.inverse(z))).entries()) {
      const expected = await x[i]!.read();
      assertClose(values, expected, 1e-5 * Math.max(1, magnitude(expected)), `rebuilt level ${i}`);
    }
    const reference = await inFloat64(flow, x, false);
    const find = reference.graph.evaluate(reference.leaves);
    for (const [i, level] of z.entries()) {
      const { values, shape } = find(reference.z[i]!);
      assert.equal(level.shape, shape);
      assertClose(await level.read(), values, 1e-5 * Math.max(1, magnitude(values)), `z ${i}`);
    }
    const { values } = find(reference.logDet);
    assertClose(await logDet.read(), values, 1e-5 * Math.max(1, magnitude(values)), 'log det');
  });

  test(`${row.name}: log det is that of the Jacobian`, async () => {
    const flow = flowOf(gpu, row);
    const x = batchOf(row.shapes, 1);
    const [logDet = NaN] = await flow.forward(x).logDet.read();
    const expected = await numericalLogDet(flow, x);
    assert.ok(Math.abs(logDet - expected) <= 1e-3 * Math.max(1, Math.abs(expected)), `${logDet}, expected ${expected}`);
  });

  test(`${row.name}: gradients are those of central differences, and the same without activations`, async () => {
    const flow = flowOf(gpu, row);
    const x = batchOf(row.shapes);
    const factors = [...batchOf(flow.latentShapes), Tensor.from(gpu, [BATCH], randomValues(BATCH), 'factors')];
    const loss: Loss = (z, logDet) =>
      [...z, logDet].map((part, i) => sum(mul(part, factors[i]!))).reduce((a, b) => add(a, b));
    const found = flow.gradients(x, loss);
    const gradients = new Map<Tensor, Float32Array>();
    for (const [i, level] of x.entries()) gradients.set(level, await found.x[i]!.read());
    for (const name of flow.parameters.names)
      gradients.set(flow.parameters.get(name), (await flow.parameters.gradient(name).read()).slice());

    const [host, reference] = [await read(factors), await inFloat64(flow, x, true)];
    const value = (leaves: ReadonlyMap<Tensor, Nd>) => {
      const find = reference.graph.evaluate(leaves);
      const parts = [...reference.z, reference.logDet].map((tensor) => find(tensor).values);
      return parts.reduce(
        (total, values, i) => total + Array.from(values).reduce((s, v, at) => s + v * host[i]![at]!, 0),
        0,
      );
    };
    for (const [leaf, gradient] of gradients) {
      const direction = Float64Array.from(randomValues(leaf.size));
      const { shape, values } = reference.leaves.get(leaf)!;
      const moved = (step: number) => Float64Array.from(values, (v, i) => v + step * direction[i]!);
      const at = (step: number) => value(new Map([...reference.leaves, [leaf, { shape, values: moved(step) }]]));
      const expected = (at(1e-5) - at(-1e-5)) / 2e-5;
      const actual = gradient.reduce((total, v, i) => total + v * direction[i]!, 0);
      const scale = Math.max(1, Math.hypot(...gradient));
      assert.ok(Math.abs(actual - expected) <= 1e-4 * scale, `${leaf.label}: ${actual}, expected ${expected}`);
    }

    plainGradients(flow, x, loss);
    for (const name of flow.parameters.names) {
      const reversible = gradients.get(flow.parameters.get(name))!;
      const plain = await flow.parameters.gradient(name).read();
      assertClose(reversible, plain, 1e-5 * Math.max(1, magnitude(plain)), `${name}, reversible and plain`);
    }
  });

  test(`${row.name}: a step of 16 takes the memory of a step of 2`, () => {
    const peaks = [2, 16].map((depth) => {
      const flow = flowOf(gpu, row, depth);
      const x = batchOf(row.shapes);
      const step = () => scope(() => void flow.gradients(x, (z, logDet) => add(sum(z[0]!), sum(logDet))));
      step(); // makes the gradients and tables of operations, which stay
      const before = gpu.memory.use().live;
      gpu.memory.resetPeak();
      step();
      const { peak, live } = gpu.memory.use();
      assert.is(live, before, 'what is left');
      flow.free();
      return peak - before;
    });
    assert.is(peaks[1], peaks[0]);
  });

  test(`${row.name}: a saved flow loads to the same bits`, async () => {
    const [flow, other] = [flowOf(gpu, row, 2, 1), flowOf(gpu, row, 2, 2)];
    const x = batchOf(row.shapes);
    await loadFlow(other, await saveFlow(flow));
    assert.equal(await read(other.forward(x).z), await read(flow.forward(x).z));
  });

  test(`${row.name}: check finds nothing wrong`, async () => {
    const report = await checkFlow(flowOf(gpu, row), batchOf(row.shapes));
    assert.equal(report.problems, [], `${report}`);
    assert.ok(report.modules.every(({ logDet }) => logDet !== undefined));
  });
}

/** log |det| of central differences of the flow in float64. */
async function numericalLogDet(flow: Flow, x: readonly Tensor[]): Promise<number> {
  const { leaves, graph, z } = await inFloat64(flow, x, false);
  const latent = (values: ReadonlyMap<Tensor, Nd>) => {
    const find = graph.evaluate(values);
    return z.flatMap((level) => Array.from(find(level).values));
  };
  const rows = x.flatMap((leaf) => {
    const { shape, values } = leaves.get(leaf)!;
    return Array.from(values, (value, d) => {
      const at = (step: number) =>
        latent(new Map([...leaves, [leaf, { shape, values: Array.from(values).with(d, value + step) }]]));
      const [above, below] = [at(1e-5), at(-1e-5)];
      return above.map((v, i) => (v - below[i]!) / 2e-5);
    });
  });
  const size = rows.length;
  const { upper } = luDecompose({ rows: size, columns: size, data: Float64Array.from(rows.flat()) });
  return Array.from({ length: size }, (_, i) => Math.log(Math.abs(upper.data[i * (size + 1)]!))).reduce((a, b) => a + b);
}

test.run();
