import {expect} from 'chai'
import fc from 'fast-check'
import {agentFilesAmong} from '../../../../src/lib/package/capture/agent-file-names.js'

const agent = (folder: string, version = '0.18.1'): string[] => [
  folder,
  `${folder}/agents`,
  `${folder}/agents/${version}`,
  `${folder}/agents/${version}/mutagen-agent`,
]

describe('agentFilesAmong', () => {
  it("finds the folder of Mutagen's agent in every home, with its contents", () => {
    const paths = [
      ...agent('/root/.mutagen'),
      '/root/.mutagen/caches/sync_1_beta',
      '/root/.mutagen/staging/sync_1-beta/0a/x',
      '/home/node',
      ...agent('/home/node/.mutagen', '0.19.0'),
    ]
    expect(agentFilesAmong(paths)).to.deep.equal(['/home/node/.mutagen', '/root/.mutagen'])
  })

  it('finds a folder that was already emptied', () => {
    expect(agentFilesAmong(['/root', '/root/.mutagen'])).to.deep.equal(['/root/.mutagen'])
  })

  it('ignores other files with the same name', () => {
    const paths = [
      '/app/.mutagen/agents',
      '/app/.mutagen/mine',
      '/app/.mutagen.yml',
      '/app/mutagen-agent',
      '/root/agents',
    ]
    expect(agentFilesAmong(paths)).to.deep.equal([])
  })

  it("finds only the agent's part if Mutagen itself is used in the container", () => {
    const paths = [...agent('/root/.mutagen'), '/root/.mutagen/sessions/sync_1', '/root/.mutagen/daemon/daemon.sock']
    expect(agentFilesAmong(paths)).to.deep.equal(['/root/.mutagen/agents'])
    expect(agentFilesAmong([...paths, '/root/.mutagen/caches/x'])).to.deep.equal([
      '/root/.mutagen/agents',
      '/root/.mutagen/caches',
    ])
  })

  it('finds temporary files that Mutagen left when it was killed', () => {
    const paths = [
      '/app/.mutagen-temporary-cross-device-rename123',
      '/app/deep/.mutagen-temporary-staging-sync_1-beta/0a',
      '/root/.mutagen-agent01234567-89ab-cdef-0123-456789abcdef',
      '/root/.mutagen-agent-of-mine',
      '/root/.mutagen-temporary',
    ]
    expect(agentFilesAmong(paths)).to.deep.equal([
      '/app/.mutagen-temporary-cross-device-rename123',
      '/app/deep/.mutagen-temporary-staging-sync_1-beta',
      '/root/.mutagen-agent01234567-89ab-cdef-0123-456789abcdef',
    ])
  })

  it("never returns the mount itself, which is not the sync's folder", () => {
    const root = '/root/.mutagen'
    expect(agentFilesAmong([...agent(root), `${root}/caches/x`], root)).to.deep.equal([
      `${root}/agents`,
      `${root}/caches`,
    ])
    expect(agentFilesAmong([root], root)).to.deep.equal([])
  })

  it('returns only given paths or their parents, none inside another', () => {
    const name = fc.constantFrom('.mutagen', 'agents', '1', 'mutagen-agent', 'caches', '.mutagen-temporary-x', 'a')
    const path = fc.array(name, {minLength: 1, maxLength: 6}).map((names) => `/${names.join('/')}`)
    fc.assert(
      fc.property(fc.array(path, {maxLength: 12}), (paths) => {
        const traces = agentFilesAmong(paths)
        for (const trace of traces) {
          expect(paths.some((each) => each === trace || each.startsWith(`${trace}/`))).to.equal(true)
          expect(traces.some((other) => trace.startsWith(`${other}/`))).to.equal(false)
        }
      }),
    )
  })
})
