import {expect} from 'chai'
import fc from 'fast-check'
import {tracesAmong} from '../../../../src/lib/package/capture/trace-names.js'

const agent = (folder: string, version = '0.18.1'): string[] => [
  folder,
  `${folder}/agents`,
  `${folder}/agents/${version}`,
  `${folder}/agents/${version}/mutagen-agent`,
]

describe('what syncs make for themselves', () => {
  it("is the folder of Mutagen's agent in every home, with all that is in it", () => {
    const paths = [
      ...agent('/root/.mutagen'),
      '/root/.mutagen/caches/sync_1_beta',
      '/root/.mutagen/staging/sync_1-beta/0a/x',
      '/home/node',
      ...agent('/home/node/.mutagen', '0.19.0'),
    ]
    expect(tracesAmong(paths)).to.deep.equal(['/home/node/.mutagen', '/root/.mutagen'])
  })

  it('is a folder that was emptied before', () => {
    expect(tracesAmong(['/root', '/root/.mutagen'])).to.deep.equal(['/root/.mutagen'])
  })

  it('is not what only has the name', () => {
    const paths = [
      '/app/.mutagen/agents',
      '/app/.mutagen/mine',
      '/app/.mutagen.yml',
      '/app/mutagen-agent',
      '/root/agents',
    ]
    expect(tracesAmong(paths)).to.deep.equal([])
  })

  it("is the agent's part alone where somebody works with Mutagen in the container", () => {
    const paths = [...agent('/root/.mutagen'), '/root/.mutagen/sessions/sync_1', '/root/.mutagen/daemon/daemon.sock']
    expect(tracesAmong(paths)).to.deep.equal(['/root/.mutagen/agents'])
    expect(tracesAmong([...paths, '/root/.mutagen/caches/x'])).to.deep.equal([
      '/root/.mutagen/agents',
      '/root/.mutagen/caches',
    ])
  })

  it('is what Mutagen was about to take away when it was killed', () => {
    const paths = [
      '/app/.mutagen-temporary-cross-device-rename123',
      '/app/deep/.mutagen-temporary-staging-sync_1-beta/0a',
      '/root/.mutagen-agent01234567-89ab-cdef-0123-456789abcdef',
      '/root/.mutagen-agent-of-mine',
      '/root/.mutagen-temporary',
    ]
    expect(tracesAmong(paths)).to.deep.equal([
      '/app/.mutagen-temporary-cross-device-rename123',
      '/app/deep/.mutagen-temporary-staging-sync_1-beta',
      '/root/.mutagen-agent01234567-89ab-cdef-0123-456789abcdef',
    ])
  })

  it("is never a mount itself, whose folder is not the sync's", () => {
    const root = '/root/.mutagen'
    expect(tracesAmong([...agent(root), `${root}/caches/x`], root)).to.deep.equal([`${root}/agents`, `${root}/caches`])
    expect(tracesAmong([root], root)).to.deep.equal([])
  })

  it('is always among the paths or above one, and nothing of it is in another', () => {
    const name = fc.constantFrom('.mutagen', 'agents', '1', 'mutagen-agent', 'caches', '.mutagen-temporary-x', 'a')
    const path = fc.array(name, {minLength: 1, maxLength: 6}).map((names) => `/${names.join('/')}`)
    fc.assert(
      fc.property(fc.array(path, {maxLength: 12}), (paths) => {
        const traces = tracesAmong(paths)
        for (const trace of traces) {
          expect(paths.some((each) => each === trace || each.startsWith(`${trace}/`))).to.equal(true)
          expect(traces.some((other) => trace.startsWith(`${other}/`))).to.equal(false)
        }
      }),
    )
  })
})
