import {expect} from 'chai'
import {parseChallenge} from '../../../../src/lib/registry/client/challenge.js'

describe('parseChallenge', () => {
  it('reads tokens with all parameters, and passwords', () => {
    expect(
      parseChallenge(
        'Bearer realm="https://auth.example/token?a=1,2",service="reg \\"x\\"",scope="repository:a/b:pull,push repository:c:pull",error="insufficient_scope"',
      ),
    ).to.deep.equal({
      kind: 'bearer',
      realm: 'https://auth.example/token?a=1,2',
      service: 'reg "x"',
      scopes: ['repository:a/b:pull,push', 'repository:c:pull'],
      error: 'insufficient_scope',
    })
    expect(parseChallenge('Basic realm="keg"')).to.deep.equal({kind: 'basic'})
    expect(parseChallenge('basic')).to.deep.equal({kind: 'basic'})
  })

  it('prefers a token among several challenges', () => {
    for (const header of [
      'Basic realm="x", Bearer realm="https://t/",service=s',
      'bearer Realm = "https://t/" , Service = s, Basic realm="Bearer"',
    ]) {
      const challenge = parseChallenge(header)
      expect(challenge, header).to.deep.include({kind: 'bearer', realm: 'https://t/', service: 's'})
    }
  })

  it('knows no others', () => {
    for (const header of [undefined, '', 'Negotiate YII=', 'Bearer', 'Bearer service="x"', 'realm="x"', '=,"'])
      expect(parseChallenge(header), String(header)).to.equal(undefined)
  })
})
