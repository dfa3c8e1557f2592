import {expect} from 'chai'
import {UsageError} from '../../../../../src/lib/error/keg-error.js'
import {formatReference} from '../../../../../src/lib/reference/reference.js'
import {imageOfTap} from '../../../../../src/lib/tap/start/image/tap-image.js'
import {exampleTap, type ExampleTapOptions} from '../../example-tap.js'

const files = {dockerfile: '/home/me/shop/container/Dockerfile'}

describe('image of a tap', () => {
  const table: readonly [string, ExampleTapOptions, Readonly<Record<string, unknown>>, string][] = [
    ['KEG_IMAGE_FROM', {values: {KEG_IMAGE_FROM: 'ghcr.io/acme/shop:x'}}, {image: 'other'}, 'ghcr.io/acme/shop:x'],
    [
      'KEG_IMAGE_FROM with the default tag',
      {values: {KEG_IMAGE_FROM: 'ghcr.io/acme/shop'}},
      {},
      'ghcr.io/acme/shop:develop',
    ],
    ['that of the compose file', {files}, {image: 'acme/shop:1'}, 'acme/shop:1'],
    [
      'that of the compose file, latest without a tag',
      {files, values: {KEG_IMAGE_TAG: 'x'}},
      {image: 'acme/shop'},
      'acme/shop:latest',
    ],
    [
      'KEG_IMAGE_FROM where the compose file that is to be left alone takes that',
      {values: {KEG_NO_INJECTED_COMPOSE: 'true', KEG_IMAGE_FROM: 'acme/shop'}},
      {image: 'acme/shop'},
      'acme/shop:develop',
    ],
    [
      'that of the compose file, whatever is meant, where that is to be left alone',
      {values: {KEG_NO_INJECTED_COMPOSE: 'true', KEG_IMAGE_FROM: 'other'}},
      {image: 'acme/shop:1'},
      'acme/shop:1',
    ],
    [
      'its own, of the branch, where it is built',
      {files, tap: {branch: 'Feature/x', name: 'shop'}},
      {},
      'shop:Feature-x-k…',
    ],
    ['its own, with the default tag without git', {files, tap: {branch: undefined}}, {}, 'shop:develop'],
    ['its own by the name IMAGE', {files, values: {IMAGE: 'Store'}}, {}, 'store:main'],
    ['its own where the compose file builds it', {}, {build: {context: '/x'}}, 'shop:main'],
  ]
  for (const [what, options, service, expected] of table)
    it(`is ${what}`, () => {
      const name = formatReference(imageOfTap(exampleTap(options), service))
      expect(name.replace(/-k[0-9a-f]{10}$/, '-k…')).to.equal(expected)
    })

  it('is unknown without a name and a Dockerfile', () => {
    expect(() => imageOfTap(exampleTap(), {}))
      .to.throw(UsageError)
      .with.property('code', 'image-unknown')
  })
})
