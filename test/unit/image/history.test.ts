import {expect} from 'chai'
import fc from 'fast-check'
import {stepsFrom} from '../../../src/lib/image/history.js'

type Step = [instruction: string, empty: boolean | undefined]

function entriesOf(steps: readonly Step[]) {
  return steps.map(([created_by, empty]) => ({history: {created: '2024-01-01T00:00:00Z', created_by}, empty}))
}

/** The instructions that made a layer, and those that did not, with their place. */
function shortly(steps: readonly Step[], layerCount: number) {
  const {empty, layers} = stepsFrom(entriesOf(steps), layerCount)
  return {
    layers: layers.map(({created_by}) => created_by),
    empty: empty.map(({history, index}) => [index, history.created_by]),
  }
}

describe('history of an image', () => {
  it('of the classic builder: a step with a size made a layer', () => {
    const steps: Step[] = [
      ['/bin/sh -c #(nop) ADD file:abc in / ', false],
      ['/bin/sh -c #(nop)  CMD ["sh"]', undefined],
      ['/bin/sh -c apt-get update', false],
      ['/bin/sh -c #(nop)  ENV A=b', undefined],
    ]
    expect(shortly(steps, 2)).to.deep.equal({
      layers: [steps[0]?.[0], steps[2]?.[0]],
      empty: [
        [1, '/bin/sh -c #(nop)  CMD ["sh"]'],
        [2, '/bin/sh -c #(nop)  ENV A=b'],
      ],
    })
  })

  it('of the classic builder, with an empty layer: the instruction decides', () => {
    const steps: Step[] = [
      ['/bin/sh -c #(nop) ADD file:abc in / ', false],
      ['/bin/sh -c true', undefined],
      ['/bin/sh -c #(nop)  LABEL a=b', undefined],
    ]
    expect(shortly(steps, 2)).to.deep.equal({
      layers: ['/bin/sh -c #(nop) ADD file:abc in / ', '/bin/sh -c true'],
      empty: [[2, '/bin/sh -c #(nop)  LABEL a=b']],
    })
  })

  it('of BuildKit, with an empty RUN and an empty COPY', () => {
    const steps: Step[] = [
      ['ADD rootfs.tar / # buildkit', false],
      ['ARG VERSION', undefined],
      ['ENV A=b', undefined],
      ['RUN /bin/sh -c true # buildkit', undefined],
      ['COPY empty/ / # buildkit', undefined],
      ['EXPOSE map[80/tcp:{}]', undefined],
      ['HEALTHCHECK &{["CMD" "true"]}', undefined],
      ['ENTRYPOINT ["/entry"]', undefined],
    ]
    expect(shortly(steps, 3)).to.deep.equal({
      layers: ['ADD rootfs.tar / # buildkit', 'RUN /bin/sh -c true # buildkit', 'COPY empty/ / # buildkit'],
      empty: [
        [1, 'ARG VERSION'],
        [1, 'ENV A=b'],
        [3, 'EXPOSE map[80/tcp:{}]'],
        [3, 'HEALTHCHECK &{["CMD" "true"]}'],
        [3, 'ENTRYPOINT ["/entry"]'],
      ],
    })
  })

  it('that marks the steps without a layer is trusted', () => {
    const steps: Step[] = [
      ['WORKDIR /srv', false],
      ['RUN x', true],
      ['', false],
    ]
    expect(shortly(steps, 2)).to.deep.equal({layers: ['WORKDIR /srv', ''], empty: [[1, 'RUN x']]})
  })

  it('of an import, and of a commit in which nothing changed', () => {
    expect(shortly([['', false]], 1)).to.deep.equal({layers: [''], empty: []})
    expect(shortly([['', undefined]], 1)).to.deep.equal({layers: [''], empty: []})
    const steps: Step[] = [
      ['/bin/sh -c #(nop) ADD x', false],
      ['sleep 1000', undefined],
    ]
    expect(shortly(steps, 2)).to.deep.equal({layers: steps.map(([step]) => step), empty: []})
  })

  it('of the classic builder with a custom shell', () => {
    const steps: Step[] = [
      ['/bin/sh -c #(nop) ADD file:abc in / ', false],
      ['/bin/bash -o pipefail -c #(nop)  ENV A=b', undefined],
      ['/bin/bash -o pipefail -c true', undefined],
      ['/bin/bash -o pipefail -c #(nop)  CMD ["a"]', undefined],
    ]
    expect(shortly(steps, 2).layers).to.deep.equal([steps[0]?.[0], steps[2]?.[0]])
  })

  it('counts a WORKDIR as a layer only if nothing else can be: it makes none if its folder exists', () => {
    const steps: Step[] = [
      ['RUN true', undefined],
      ['WORKDIR /a', undefined],
      ['ENV A=b', undefined],
    ]
    expect(shortly(steps, 1).layers).to.deep.equal(['RUN true'])
    expect(shortly(steps, 2).layers).to.deep.equal(['RUN true', 'WORKDIR /a'])
    expect(shortly(steps, 3).layers).to.deep.equal(['RUN true', 'WORKDIR /a', 'ENV A=b'])
  })

  it('does not mistake a program for an instruction by the start of its name', () => {
    const steps: Step[] = [
      ['ENVIRONMENT', undefined],
      ['run ENV', undefined],
      ['/bin/sh -c USER=x run', undefined],
      ['USER x', undefined],
    ]
    expect(shortly(steps, 3).empty).to.deep.equal([[3, 'USER x']])
  })

  it('is given up if it cannot fit the layers', () => {
    const nothing = {layers: [], empty: []}
    expect(shortly([['RUN a', false]], 2)).to.deep.equal(nothing)
    expect(
      shortly(
        [
          ['RUN a', false],
          ['RUN b', false],
        ],
        1,
      ),
    ).to.deep.equal(nothing)
    expect(shortly([], 3)).to.deep.equal(nothing)
  })

  it('has no layer if the image has none', () => {
    expect(shortly([['ENV A=b', undefined]], 0)).to.deep.equal({layers: [], empty: [[0, 'ENV A=b']]})
    expect(shortly([], 0)).to.deep.equal({layers: [], empty: []})
  })

  it('never contradicts the layers: all steps once, in order, or none at all', () => {
    const instruction = fc.constantFrom('ENV A=b', 'RUN x', 'WORKDIR /', '', 'CMD ["a"]')
    const step: fc.Arbitrary<Step> = fc.tuple(instruction, fc.constantFrom(undefined, true, false))
    fc.assert(
      fc.property(fc.array(step, {maxLength: 8}), fc.nat({max: 8}), (steps, layerCount) => {
        const entries = entriesOf(steps)
        const {empty, layers} = stepsFrom(entries, layerCount)
        if (layers.length + empty.length === 0) return
        expect(layers).to.have.length(layerCount)
        const merged = []
        for (let index = 0; index <= layers.length; index++) {
          merged.push(...empty.filter((each) => each.index === index).map(({history}) => history))
          merged.push(...layers.slice(index, index + 1))
        }
        expect(merged).to.deep.equal(entries.map(({history}) => history))
      }),
    )
  })
})
