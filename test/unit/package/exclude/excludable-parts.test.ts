import {expect} from 'chai'
import {ExcludableParts} from '../../../../src/lib/package/exclude/excludable-parts.js'
import {tarEntry} from '../tar-entry.js'

describe('excludable parts of a mount', () => {
  it('are .git, dependencies and what .gitignore files name, each once, with their contents', async () => {
    const parts = new ExcludableParts()
    const look = parts.observe()
    const entries: [path: string, content: string | undefined][] = [
      ['/app/.git', undefined],
      ['/app/.git/HEAD', 'x'.repeat(10)],
      ['/app/.git/objects', undefined],
      ['/app/.git/objects/node_modules', 'x'],
      ['/app/.gitignore', '/dist/\n*.log\n!keep.log\n'],
      ['/app/dist', undefined],
      ['/app/dist/out.js', 'x'.repeat(100)],
      ['/app/distance', 'x'],
      ['/app/keep.log', 'x'],
      ['/app/lib', undefined],
      ['/app/lib/.gitignore', 'gen'],
      ['/app/lib/dist', undefined],
      ['/app/lib/gen', 'xx'],
      ['/app/lib/it is a.log', 'xxx'],
      ['/app/node_modules', undefined],
      ['/app/node_modules/a.log', 'x'.repeat(50)],
      ['/app/worktree/.git', 'x'],
    ]
    for (const [path, content] of entries)
      await look(tarEntry('x', content ?? '', content === undefined ? 'directory' : 'file'), path)
    expect(parts.list).to.deep.equal([
      {path: '/app/dist', kind: 'ignored', bytes: 100, flag: '--exclude /app/dist'},
      {path: '/app/node_modules', kind: 'dependencies', bytes: 50, flag: '--exclude /app/node_modules'},
      {path: '/app/.git', kind: 'git', bytes: 11, flag: '--exclude /app/.git'},
      {path: '/app/lib/it is a.log', kind: 'ignored', bytes: 3, flag: "--exclude '/app/lib/it is a.log'"},
      {path: '/app/lib/gen', kind: 'ignored', bytes: 2, flag: '--exclude /app/lib/gen'},
      {path: '/app/worktree/.git', kind: 'git', bytes: 1, flag: '--exclude /app/worktree/.git'},
    ])
  })
})
