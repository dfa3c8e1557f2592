import {expect} from 'chai'
import type {Origin} from '../../../src/lib/values/values.js'
import {formatReference} from '../../../src/lib/reference/reference.js'
import type {OpenTap} from '../../../src/lib/values/open-tap.js'
import {expandReference, registryOf, wantedImage} from '../../../src/lib/tap/tap-images.js'
import {exampleTap} from './example-tap.js'

/** A tap whose image comes from `--from`, which overrides its files. */
function fromFlag(from: string, own: string | undefined, values: Readonly<Record<string, string>> = {}): OpenTap {
  const tap = exampleTap({values: {...values, KEG_IMAGE_FROM: from}})
  const origin: Origin = {kind: 'flag', place: '--from'}
  const hides = own === undefined ? [] : [{text: own, origin: {kind: 'values' as const, place: 'values.yml:3'}}]
  const explained = {
    name: 'KEG_IMAGE_FROM',
    value: from,
    origin,
    hides,
    problem: undefined,
    isSecret: false,
    meaning: '',
  }
  return {
    ...tap,
    values: {
      ...tap.values,
      origin: (name) => (name === 'KEG_IMAGE_FROM' ? origin : undefined),
      explain: () => [explained],
    },
  }
}

describe('registry of a tap', () => {
  const table: readonly [string, Readonly<Record<string, string>>, string | undefined][] = [
    ['KEG_REGISTRY', {KEG_REGISTRY: 'ghcr.io/acme', KEG_IMAGE_FROM: 'other.example/x/shop'}, 'ghcr.io/acme'],
    ['the host and namespace of its image', {KEG_IMAGE_FROM: 'ghcr.io/acme/team/shop:develop'}, 'ghcr.io/acme/team'],
    ['the host alone, where there is no namespace', {KEG_IMAGE_FROM: '127.0.0.1:5000/shop'}, '127.0.0.1:5000'],
    ['a namespace of Docker Hub', {KEG_IMAGE_FROM: 'acme/shop'}, 'docker.io/acme'],
    ['none, for a name that is nobody else’s', {KEG_IMAGE_FROM: 'shop:develop'}, undefined],
    ['none, where nobody says anything', {}, undefined],
  ]
  for (const [what, values, expected] of table)
    it(`is ${what}`, () => {
      const registry = registryOf(exampleTap({values}).values)
      expect(registry && [registry.host, registry.namespace].filter(Boolean).join('/')).to.equal(expected)
    })

  it('comes from the files, whatever --from names', () => {
    expect(registryOf(fromFlag('other.example/b/shop:x', 'ghcr.io/acme/shop').values)).to.deep.equal({
      host: 'ghcr.io',
      namespace: 'acme',
    })
    expect(registryOf(fromFlag('other.example/b/shop:x', undefined).values)).to.equal(undefined)
  })
})

describe('image given for a tap', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const ofRegistry = {KEG_IMAGE_FROM: 'ghcr.io/acme/shop:develop'}
  const table: readonly [string, string, Readonly<Record<string, string>>][] = [
    ['shop:feature-x', 'ghcr.io/acme/shop:feature-x', ofRegistry],
    ['other:x', 'ghcr.io/acme/other:x', ofRegistry],
    ['shop', 'ghcr.io/acme/shop:develop', ofRegistry],
    ['shop', 'ghcr.io/acme/shop:next', {...ofRegistry, KEG_IMAGE_TAG: 'next'}],
    [`shop@${digest}`, `ghcr.io/acme/shop@${digest}`, ofRegistry],
    ['bob/shop:x', 'bob/shop:x', ofRegistry],
    ['docker.io/library/node:20', 'node:20', ofRegistry],
    ['127.0.0.1:5000/shop:x', '127.0.0.1:5000/shop:x', ofRegistry],
    ['https://ghcr.io/v2/bob/shop/manifests/x', 'ghcr.io/bob/shop:x', ofRegistry],
    ['shop:x', 'shop:x', {}],
  ]
  for (const [text, expected, values] of table)
    it(`${text.slice(0, 45)} is ${expected.slice(0, 45)}`, () => {
      expect(formatReference(expandReference(text, exampleTap({values})))).to.equal(expected)
    })

  it('is expanded with the registry only from the command line', () => {
    expect(wantedImage(exampleTap({values: {KEG_REGISTRY: 'ghcr.io/acme', KEG_IMAGE_FROM: 'shop'}}))).to.deep.include({
      registry: 'docker.io',
      tag: 'develop',
    })
    const tap = fromFlag('shop:x', undefined, {KEG_REGISTRY: 'ghcr.io/acme'})
    expect(formatReference(wantedImage(tap) ?? expect.fail())).to.equal('ghcr.io/acme/shop:x')
    expect(wantedImage(exampleTap())).to.equal(undefined)
  })
})
