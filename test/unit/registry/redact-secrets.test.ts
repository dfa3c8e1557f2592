import {expect} from 'chai'
import fc from 'fast-check'
import {encodeRegistryAuth} from '../../../src/lib/registry/credentials.js'
import {redactSecrets} from '../../../src/lib/registry/redact-secrets.js'
import {printable} from '../../../src/lib/terminal/text.js'
import type {Credentials} from '../../../src/lib/registry/model.js'

const registry = 'registry.example.com'

const withPassword = (secret: string): Credentials => ({kind: 'password', username: 'ann', secret, origin: 'x'})
const withToken = (identityToken: string): Credentials => ({kind: 'token', identityToken, origin: 'x'})

/** All forms in which a registry or token server gets it, and in which they and the engine may quote it. */
function forms(secret: string): string[] {
  const basic = Buffer.from(`ann:${secret}`)
  return [
    secret,
    `ann:${secret}`,
    `Basic ${basic.toString('base64')}`,
    basic.toString('base64url'),
    Buffer.from(secret).toString('base64'),
    JSON.stringify({secret}),
    new URLSearchParams({password: secret}).toString(),
    encodeURIComponent(secret),
    printable(secret),
    encodeRegistryAuth(withPassword(secret), registry),
  ]
}

describe('message about a registry', () => {
  for (const secret of ['sw0rdfish', 'pass word', 'a:b"c"\\d', 'ñ🎉+/=%20&', 'tab\there', 'zero\u200bwidth']) {
    it(`never contains the password ${JSON.stringify(secret)} in any form`, () => {
      for (const form of forms(secret)) {
        const said = redactSecrets(`denied: you sent <${form}> here`, withPassword(secret), registry)
        expect(said).to.match(/^denied: you sent <.*> here$/s)
        for (const other of forms(secret)) expect(said, other).not.to.contain(other.replace(/=+$/, ''))
      }
    })
  }

  it('never contains an identity token', () => {
    for (const form of [
      't0ken/+x',
      encodeURIComponent('t0ken/+x'),
      encodeRegistryAuth(withToken('t0ken/+x'), registry),
    ])
      expect(redactSecrets(`no: ${form}`, withToken('t0ken/+x'), registry)).to.match(/^no: \*\*\*=*$/)
  })

  it('never contains the query of a URL', () => {
    const said =
      'failed to do request: Put "http://127.0.0.1:5000/v2/app/blobs/uploads/1?_state=s3cr3t&digest=sha256%3A0": EOF'
    expect(redactSecrets(said, {kind: 'anonymous'}, registry)).to.equal(
      'failed to do request: Put "http://127.0.0.1:5000/v2/app/blobs/uploads/1?***": EOF',
    )
  })

  it('never contains a token that the engine got for them', () => {
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl'
    for (const said of [`denied: Bearer ${token}`, `denied: authorization=${token}`, 'denied: bearer 0123456789abcdef'])
      expect(redactSecrets(said, {kind: 'anonymous'}, registry)).to.match(/^denied: (bearer |authorization=)?\*\*\*$/i)
  })

  it('is unchanged without secrets', () => {
    for (const said of [
      'no basic auth credentials',
      'unauthorized: authentication required',
      'Get "https://registry.example.com/v2/": dial tcp: connection refused',
      'unauthorized: unauthenticated: User cannot be authenticated with the token provided.',
    ])
      for (const credentials of [withPassword('sw0rdfish'), withPassword(''), {kind: 'anonymous'} as const])
        expect(redactSecrets(said, credentials, registry)).to.equal(said)
  })

  it('never contains a password, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({minLength: 4, unit: 'grapheme'}), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!'***'.includes(secret) && !secret.includes('*'))
        const said = redactSecrets(printable(`${before}${secret}${after}`), withPassword(secret), registry)
        expect(said.includes(secret) || (printable(secret).trim() !== '' && said.includes(printable(secret)))).to.equal(
          false,
        )
      }),
    )
  })
})
