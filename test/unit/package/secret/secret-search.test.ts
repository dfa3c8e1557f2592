import {expect} from 'chai'
import {PathPatterns} from '../../../../src/lib/package/exclude/path-patterns.js'
import {mountSearch} from '../../../../src/lib/package/secret/search-container.js'
import {SecretSearch, secretsInBinds} from '../../../../src/lib/package/secret/secret-search.js'
import {tarEntry} from '../tar-entry.js'

function searchWith(excluded: readonly string[] = [], known: [string, string][] = []): SecretSearch {
  return new SecretSearch({excluded: PathPatterns.parse('--exclude', excluded), known: new Map(known)})
}

const TOKEN = 'API_TOKEN=4711'

describe('search for secrets', () => {
  it('finds files in a mount under their paths in the container, in order, and reads no others', async () => {
    const search = searchWith()
    const look = mountSearch(search, {destination: '/app', source: '/srv/shop', isSecret: false}, ['/app'])
    let reads = 0
    await look(tarEntry('mount', '', 'directory'))
    await look(tarEntry('mount/sub/.env', TOKEN))
    await look(tarEntry('mount/.env', TOKEN))
    await look(tarEntry('mount/index.js', TOKEN, 'file', () => reads++))
    await look(tarEntry('mount/link/.env', TOKEN, 'symlink'))
    expect(search.found.map(({path}) => path)).to.deep.equal(['/app/.env', '/app/sub/.env'])
    expect(reads).to.equal(0)
  })

  it('skips what another mount hides, what is excluded, and mounts included as secrets', async () => {
    const search = searchWith(['/app/private'])
    const destinations = ['/app', '/app/.env', '/app/inner', '/run/secrets/db']
    const look = mountSearch(search, {destination: '/app', source: undefined, isSecret: false}, destinations)
    for (const path of ['.env', 'inner/.env', 'private/.env']) await look(tarEntry(`mount/${path}`, TOKEN))
    await mountSearch(
      search,
      {destination: '/run/secrets/db', source: '/x', isSecret: true},
      destinations,
    )(tarEntry('mount', 'x'))
    expect(search.found).to.deep.equal([])
  })

  it('checks a mounted file by its name on the host', async () => {
    const search = searchWith()
    const look = mountSearch(search, {destination: '/etc/key', source: '/srv/release.p12', isSecret: false}, [
      '/etc/key',
    ])
    await look(tarEntry('mount', 'x'))
    expect(search.found).to.deep.equal([{path: '/etc/key', reason: 'key store'}])
  })

  it('finds any file where secrets are mounted, and known secrets', async () => {
    const search = searchWith([], [['/app/pw', 'the file of the secret /run/secrets/db']])
    for (const path of ['/run/secrets/token', '/app/pw', '/app/other'])
      await search.look(tarEntry('x', 'two words'), path)
    expect(search.found.map(({path}) => path)).to.deep.equal(['/app/pw', '/run/secrets/token'])
  })

  it('finds the files of secrets in binds of their folders', () => {
    const mounts = [
      {destination: '/app', source: '/srv/shop', isSecret: false, isIncluded: true},
      {destination: '/out', source: '/srv', isSecret: false, isIncluded: false},
      {destination: '/run/secrets/db', source: '/srv/shop/keys/db', isSecret: true, isIncluded: false},
      {destination: '/run/secrets/far', source: '/srv/far', isSecret: true, isIncluded: false},
      {destination: '/data', source: undefined, isSecret: false, isIncluded: true},
    ]
    expect([...secretsInBinds(mounts)]).to.deep.equal([['/app/keys/db', 'the file of the secret /run/secrets/db']])
  })
})
