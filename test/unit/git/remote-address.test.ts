import {expect} from 'chai'
import {remoteAddress} from '../../../src/lib/git/remote-address.js'

describe('web address of a remote', () => {
  const same = 'https://example.com/team/app'
  const table: Record<string, string | undefined> = {
    'https://example.com/team/app.git': same,
    'https://example.com/team/app/': same,
    'https://ada:secret@example.com/team/app.git': same,
    'https://token@example.com/team/app?private_token=x#y': same,
    'git@example.com:team/app.git': same,
    'example.com:team/app': same,
    'git@example.com:/team/app.git': same,
    'ssh://git@example.com/team/app.git': same,
    'ssh://git:secret@example.com:2222/team/app.git': same,
    'git+ssh://git@example.com/team/app': same,
    'git://example.com/team/app.git': same,
    'https://example.com:8443/team/app.git': 'https://example.com:8443/team/app',
    'http://localhost:3000/team/app.git': 'http://localhost:3000/team/app',
    'https://example.com/a/b/c/d.git': 'https://example.com/a/b/c/d',
    'git@example.com:team/a b': undefined,
    '/srv/git/app.git': undefined,
    '../app': undefined,
    'file:///srv/git/app.git': undefined,
    'C:\\code\\app': undefined,
    'C:/code/app': undefined,
    'ext::sh -c id': undefined,
    'codecommit::eu-west-1://app': undefined,
    'host:~ada/app': undefined,
    'https://example.com/': undefined,
    'https://': undefined,
    '': undefined,
    'ada:secret@example.com:team/app': undefined,
    '[::1]:team/app': undefined,
  }
  for (const [url, address] of Object.entries(table)) {
    it(`of ${url || 'nothing'} is ${address ?? 'unknown'}`, () => expect(remoteAddress(url)).to.equal(address))
  }

  it('never holds a control character', () => {
    expect(remoteAddress('https://example.com/a\u001b[31m\u0007b')).to.equal('https://example.com/a%1B[31m%07b')
  })
})
