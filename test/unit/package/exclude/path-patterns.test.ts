import {expect} from 'chai'
import {PathPatterns} from '../../../../src/lib/package/exclude/path-patterns.js'
import {UsageError} from '../../../../src/lib/error/keg-error.js'

describe('patterns for paths of a container', () => {
  const flags: [pattern: string, path: string, isFolder: boolean, matches: boolean][] = [
    ['/app/build', '/app/build', true, true],
    ['/app/build', '/app/build/x/y', false, true],
    ['/app/build', '/app/builder', false, false],
    ['/app/build', '/srv/app/build', true, false],
    ['/app//x/../build/', '/app/build', true, true],
    ['/app/build/', '/app/build', false, false],
    ['/app/*.log', '/app/x.log', false, true],
    ['/app/*.log', '/app/x/y.log', false, false],
    ['/app/**/*.log', '/app/x/y.log', false, true],
    ['/**/node_modules', '/a/b/node_modules/c', false, true],
    ['/app/[id].ts', '/app/[id].ts', false, true],
    ['/app/[id].ts', '/app/i.ts', false, true],
    ['/app/a b', '/app/a b', false, true],
    ['/app/ä', '/app/ä/x', false, true],
  ]
  for (const [pattern, path, isFolder, matches] of flags)
    it(`${pattern} ${matches ? 'matches' : 'does not match'} ${path}`, () => {
      expect(PathPatterns.parse('--exclude', [pattern]).matches(path, isFolder)).to.equal(matches)
    })

  for (const text of ['app', './app', '', '/', '/.', '!/app', '/a\nb'])
    it(`${JSON.stringify(text)} is not a pattern`, () => {
      expect(() => PathPatterns.parse('--exclude', [text]))
        .to.throw(UsageError)
        .with.property('code', 'path-invalid')
    })

  it('match what is in a mount behind a symlink by its destination, and by where that leads', () => {
    const mounts = new PathPatterns([], [], [{destination: '/srv/current/data', path: '/opt/releases/2/data'}])
    for (const given of ['/srv/current/data/x', '/opt/releases/2/data/x', '/opt/releases', '/opt/*/2/**/x']) {
      const patterns = PathPatterns.parse('--exclude', [given]).with(mounts)
      expect(patterns.matches('/srv/current/data/x', false), given).to.be.true
      expect(patterns.matches('/srv/current/other/x', false), given).to.be.false
    }
    expect(mounts.isEmpty).to.be.true
  })

  it("of a folder are relative to the folder's path", () => {
    const lines = ['# built', 'build/', '/only-here', '*.log', '!keep.log', 'src/gen']
    const patterns = new PathPatterns([
      {at: '/app', below: '', lines},
      {at: '/code', below: 'src', lines},
    ])
    const matching: [string, boolean][] = [
      ['/app/build', true],
      ['/app/x/build', true],
      ['/app/x/build/y', false],
      ['/app/only-here', false],
      ['/app/x.log', false],
      ['/app/src/gen/x', false],
      ['/code/gen', true],
      ['/code/x.log', false],
    ]
    const others: [string, boolean][] = [
      ['/app', true],
      ['/code', true],
      ['/build', true],
      ['/app/build', false],
      ['/app/x/only-here', false],
      ['/app/keep.log', false],
      ['/code/only-here', false],
      ['/code/src/gen', true],
    ]
    for (const [path, isFolder] of matching) expect(patterns.matches(path, isFolder), path).to.be.true
    for (const [path, isFolder] of others) expect(patterns.matches(path, isFolder), path).to.be.false
  })

  it('of a folder can match the path of its subfolder as a whole', () => {
    const patterns = new PathPatterns([{at: '/code', below: 'src', lines: ['src/']}])
    expect(patterns.matches('/code', true)).to.be.true
    expect(patterns.matches('/code/x', false)).to.be.true
  })
})
