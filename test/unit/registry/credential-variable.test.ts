import {expect} from 'chai'
import {credentialsOfVariable} from '../../../src/lib/registry/credential-variable.js'

const auth = Buffer.from('ann:sw0rd:fish').toString('base64')
const ann = {kind: 'password', username: 'ann', secret: 'sw0rd:fish', origin: 'DOCKER_AUTH_CONFIG'}

function found(value: unknown, registry = 'r.example:5000'): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return credentialsOfVariable(registry, {DOCKER_AUTH_CONFIG: text})
}

describe('credentials in DOCKER_AUTH_CONFIG', () => {
  it('are only those of the registry under docker’s name for it', () => {
    expect(found({auths: {'other.example': {auth}, 'r.example:5000': {auth}}})).to.deep.equal(ann)
    expect(found({auths: {'https://index.docker.io/v1/': {auth}}}, 'docker.io')).to.deep.equal(ann)
    for (const key of ['r.example', 'https://r.example:5000', 'docker.io'])
      expect(found({auths: {[key]: {auth}}}), key).to.equal(undefined)
  })

  it('can have other fields beside them, and text after them', () => {
    expect(found({auths: {'r.example:5000': {auth, email: 'a@b'}}, credHelpers: {x: 'y'}})).to.deep.equal(ann)
    expect(found(`${JSON.stringify({auths: {'r.example:5000': {auth}}})}\n`)).to.deep.equal(ann)
  })

  it('are none if docker accepts none, and the files are read instead', () => {
    const right = {'r.example:5000': {auth}}
    for (const value of [
      '',
      'nonsense',
      '[]',
      '{}',
      {auths: []},
      {auths: {...right, other: {}}},
      {auths: {...right, other: {auth: '!'}}},
      {auths: {'r.example:5000': {username: 'ann', password: 'x'}}},
      {auths: {'r.example:5000': {auth: Buffer.from('no colon').toString('base64')}}},
    ])
      expect(found(value), JSON.stringify(value)).to.equal(undefined)
    expect(credentialsOfVariable('r.example:5000', {})).to.equal(undefined)
  })
})
