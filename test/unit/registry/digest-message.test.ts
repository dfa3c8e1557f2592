import {expect} from 'chai'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {agreed, digestOfPull, digestOfPush} from '../../../src/lib/registry/digest-message.js'

const one = `sha256:${'1'.repeat(64)}`
const two = `sha256:${'2'.repeat(64)}`

function refusal(action: () => unknown): void {
  expect(action).to.throw(FailedError).with.property('code', 'engine-answer-invalid')
}

describe('digest in the messages of an engine', () => {
  it('is in aux when a classic image store pushed', () => {
    expect(digestOfPush({progressDetail: {}, aux: {Tag: 'a', Digest: one, Size: 527}}, 'a')).to.equal(one)
  })

  it('is in words when a containerd image store pushed', () => {
    expect(digestOfPush({status: `a: digest: ${one} size: 422`}, 'a')).to.equal(one)
  })

  it('is not taken from words about another tag, or of a layer', () => {
    expect(digestOfPush({status: `b: digest: ${one} size: 422`}, 'a')).to.equal(undefined)
    expect(digestOfPush({status: 'Pushed', id: 'a'}, 'a')).to.equal(undefined)
    expect(digestOfPush({aux: {other: 1}}, 'a')).to.equal(undefined)
  })

  it('of a pull is in words', () => {
    expect(digestOfPull({status: `Digest: ${one}`})).to.equal(one)
    expect(digestOfPull({status: 'Status: Image is up to date for app:a'})).to.equal(undefined)
    expect(digestOfPull({status: `Digest: ${one}`, id: 'layer'})).to.equal(undefined)
  })

  it('is refused when it is none', () => {
    for (const wrong of ['', 'sha256:1', `${one}0`, `${one}\u001b[2J`]) {
      refusal(() => digestOfPush({aux: {Digest: wrong}}, 'a'))
      refusal(() => digestOfPush({status: `a: digest: ${wrong} size: 1`}, 'a'))
      refusal(() => digestOfPull({status: `Digest: ${wrong}`}))
    }
    refusal(() => digestOfPush({aux: {Digest: 1}}, 'a'))
  })

  it('is refused without its control characters', () => {
    expect(() => digestOfPull({status: 'Digest: \u001b[2J'})).to.throw('?[2J')
  })

  it('must be the same wherever it is said', () => {
    const first = digestOfPush({aux: {Digest: one}}, 'a')
    const other = digestOfPush({aux: {Digest: two}}, 'a')
    expect(agreed(undefined, first)).to.equal(one)
    expect(agreed(first, undefined)).to.equal(one)
    expect(agreed(first, first)).to.equal(one)
    refusal(() => agreed(first, other))
  })
})
