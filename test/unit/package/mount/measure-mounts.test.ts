import {expect} from 'chai'
import {MountSurvey} from '../../../../src/lib/package/exclude/mount-survey.js'
import {PathPatterns} from '../../../../src/lib/package/exclude/path-patterns.js'
import {measureMounts, type MountSize} from '../../../../src/lib/package/mount/measure-mounts.js'
import type {TarEntry} from '../../../../src/lib/tar/read-tar.js'
import type {TarType} from '../../../../src/lib/tar/tar-header.js'
import {writeTar} from '../../../../src/lib/tar/write-tar.js'
import {silent} from '../../../../src/lib/terminal/progress.js'
import {tarEntry} from '../tar-entry.js'

// oxlint-disable-next-line typescript/require-await -- like reading an archive
async function* each(entries: readonly TarEntry[]): AsyncGenerator<TarEntry> {
  yield* entries
}

/** A mount at `/data`, by the sizes of its files; a name that ends in a slash is a folder. */
async function measured(
  files: Readonly<Record<string, number>>,
  {enoughBytes = Infinity, exclude = [] as string[], inner = [] as string[]} = {},
): Promise<MountSize> {
  const entries = Object.entries({'': 0, ...files}).map(([name, size]) => {
    const type: TarType = name === '' || name.endsWith('/') ? 'directory' : 'file'
    return tarEntry(`m/${name}`.replace(/\/$/, ''), 'x'.repeat(size), type)
  })
  const archive = (): AsyncGenerator<Buffer> => writeTar(each(entries))
  const never = (): Promise<undefined> => Promise.resolve(undefined)
  const reader = {archive, stat: never, header: never, readLink: never}
  const patterns = PathPatterns.parse('--exclude', exclude)
  const secrets = {observe: () => () => Promise.resolve()}
  const survey = new MountSurvey({patterns, destinations: ['/data', ...inner], secrets})
  const [size] = await measureMounts(
    {progress: silent, signal: new AbortController().signal},
    {
      mounts: [{destination: '/data', reader}],
      enoughBytes,
      observe: (destination) => survey.observe(destination),
    },
  )
  if (size === undefined) throw new Error('no size')
  return size
}

describe('measuring mounts', () => {
  it('counts the mount itself and all its contents', async () => {
    const size = await measured({a: 5, 'b/': 0, 'b/c': 7})
    expect(size).to.deep.equal({bytes: 12, entries: 4, whole: true, mayHaveAgentFiles: false})
  })

  it('skips excluded paths, and counts only the mount point of an inner mount', async () => {
    const files = {'logs/': 0, 'logs/a': 5, 'inner/': 0, 'inner/hidden': 7, file: 1}
    const size = await measured(files, {exclude: ['/data/logs'], inner: ['/data/inner', '/data/file']})
    expect(size).to.include({bytes: 0, entries: 3})
  })

  it("skips the agent's files, but counts others with the same name", async () => {
    const agent = {'.mutagen/': 0, '.mutagen/agents/': 0, '.mutagen/agents/0.18.1/': 0}
    const files = {...agent, '.mutagen/agents/0.18.1/mutagen-agent': 90, 'kept/': 0, 'kept/.mutagen': 3, own: 2}
    expect(await measured(files)).to.deep.equal({bytes: 5, entries: 4, whole: true, mayHaveAgentFiles: true})
  })

  it('stops once the limit is exceeded', async () => {
    const size = await measured({a: 5, b: 5, c: 5}, {enoughBytes: 7})
    expect(size).to.deep.equal({bytes: 10, entries: 3, whole: false, mayHaveAgentFiles: true})
  })
})
