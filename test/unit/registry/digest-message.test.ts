import {expect} from 'chai'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {combineDigests, digestOfPull, digestOfPush} from '../../../src/lib/registry/digest-message.js'

const one = `sha256:${'1'.repeat(64)}`
const two = `sha256:${'2'.repeat(64)}`

function refusal(action: () => unknown): void {
  expect(action).to.throw(FailedError).with.property('code', 'engine-answer-invalid')
}

describe('digest in an engine’s messages', () => {
  it('is in aux after a push from a classic image store', () => {
    expect(digestOfPush({progressDetail: {}, aux: {Tag: 'a', Digest: one, Size: 527}}, 'a')).to.equal(one)
  })

  it('is in text after a push from a containerd image store', () => {
    expect(digestOfPush({status: `a: digest: ${one} size: 422`}, 'a')).to.equal(one)
  })

  it('is not read from text about another tag or a layer', () => {
    expect(digestOfPush({status: `b: digest: ${one} size: 422`}, 'a')).to.equal(undefined)
    expect(digestOfPush({status: 'Pushed', id: 'a'}, 'a')).to.equal(undefined)
    expect(digestOfPush({aux: {other: 1}}, 'a')).to.equal(undefined)
  })

  it('is in text after a pull', () => {
    expect(digestOfPull({status: `Digest: ${one}`})).to.equal(one)
    expect(digestOfPull({status: 'Status: Image is up to date for app:a'})).to.equal(undefined)
    expect(digestOfPull({status: `Digest: ${one}`, id: 'layer'})).to.equal(undefined)
  })

  it('is refused if it is invalid', () => {
    for (const wrong of ['', 'sha256:1', `${one}0`, `${one}\u001b[2J`]) {
      refusal(() => digestOfPush({aux: {Digest: wrong}}, 'a'))
      refusal(() => digestOfPush({status: `a: digest: ${wrong} size: 1`}, 'a'))
      refusal(() => digestOfPull({status: `Digest: ${wrong}`}))
    }
    refusal(() => digestOfPush({aux: {Digest: 1}}, 'a'))
  })

  it('is refused with a message without control characters', () => {
    expect(() => digestOfPull({status: 'Digest: \u001b[2J'})).to.throw('?[2J')
  })

  it('must be the same in all messages', () => {
    const first = digestOfPush({aux: {Digest: one}}, 'a')
    const other = digestOfPush({aux: {Digest: two}}, 'a')
    expect(combineDigests(undefined, first)).to.equal(one)
    expect(combineDigests(first, undefined)).to.equal(one)
    expect(combineDigests(first, first)).to.equal(one)
    refusal(() => combineDigests(first, other))
  })
})
