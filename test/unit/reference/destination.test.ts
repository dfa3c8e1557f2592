import {expect} from 'chai'

import {parseImageName} from '../../../src/lib/reference/image-name.js'
import {destinations} from '../../../src/lib/reference/destination.js'
import {formatReference, parseReference, parseRegistry, parseTag} from '../../../src/lib/reference/reference.js'
import {refused} from './usage-error.js'

interface Given {
  tags?: string[]
  tag?: string
  name?: string
  registry?: string
}

function made({tags = [], tag, name = 'shop', registry}: Given) {
  return destinations({
    tags,
    defaultTag: tag === undefined ? undefined : parseTag(tag),
    name: parseImageName(name),
    registry: registry === undefined ? undefined : parseRegistry(registry),
  })
}

function written(given: Given): string[] {
  return made(given).map(({reference, remote}) => `${remote ? 'remote' : 'local'} ${formatReference(reference)}`)
}

const tooDeep = `ghcr.io/${'n'.repeat(250)}`

describe('destinations', () => {
  const table: [promise: string, given: Given, expected: string[]][] = [
    ['take the tag of the branch without -t', {tag: 'main'}, ['local shop:main']],
    ['go to the registry', {tag: 'main', registry: 'ghcr.io/acme'}, ['remote ghcr.io/acme/shop:main']],
    ['go to a registry without namespace', {tag: 'x', registry: 'localhost:5000'}, ['remote localhost:5000/shop:x']],
    ['keep the path of the name', {tag: 'x', name: 'a/b', registry: 'ghcr.io/acme'}, ['remote ghcr.io/acme/a/b:x']],
    ['keep the path of the name locally', {tag: 'x', name: 'a/b'}, ['local a/b:x']],
    ['take a plain tag', {tags: ['v1.2'], tag: 'main'}, ['local shop:v1.2']],
    ['need no branch for a plain tag', {tags: ['v1'], registry: 'ghcr.io/a'}, ['remote ghcr.io/a/shop:v1']],
    ['take a whole reference as it is', {tags: ['quay.io/x/y:z'], registry: 'ghcr.io/a'}, ['remote quay.io/x/y:z']],
    ['know a whole reference by its colon', {tags: ['y:z']}, ['local y:z']],
    ['complete a reference without tag', {tags: ['quay.io/x/y'], tag: 'main'}, ['remote quay.io/x/y:main']],
    ['complete a reference without host', {tags: ['y:z'], registry: 'ghcr.io/a'}, ['remote ghcr.io/a/y:z']],
    ['keep a path when completing', {tags: ['x/y:z'], registry: 'ghcr.io/a'}, ['remote ghcr.io/a/x/y:z']],
    ['keep a library that was written', {tags: ['library/y:z'], registry: 'h:1'}, ['remote h:1/library/y:z']],
    ['leave a reference without host local', {tags: ['x/y:z']}, ['local x/y:z']],
    ['know docker.io when it is written', {tags: ['docker.io/x/y:z']}, ['remote x/y:z']],
    ['go to Docker Hub', {tag: 'm', registry: 'docker.io/acme'}, ['remote acme/shop:m']],
    [
      'keep the order and drop what comes twice',
      {tags: ['b', 'a', 'shop:b', 'quay.io/x/y:z', 'a']},
      ['local shop:b', 'local shop:a', 'remote quay.io/x/y:z'],
    ],
    [
      'may push what one of two spellings may',
      {tags: ['x/y:z', 'a', 'docker.io/x/y:z']},
      ['remote x/y:z', 'local shop:a'],
    ],
  ]
  for (const [promise, given, expected] of table) {
    it(promise, () => expect(written(given)).to.deep.equal(expected))
  }

  it('are full references that parse to the same parts', () => {
    for (const [, given] of table) {
      for (const {reference} of made(given)) {
        const {registry, repository, tag} = reference
        expect(parseReference(formatReference(reference))).to.include({registry, repository, tag})
      }
    }
  })

  const illegal: [given: Given, code: string, position?: number][] = [
    [{}, 'tag-missing'],
    [{tags: ['quay.io/x/y']}, 'tag-missing'],
    [{tags: [`x/y@sha256:${'0'.repeat(64)}`], tag: 'm'}, 'digest-given'],
    [{tags: [`y:t@sha256:${'0'.repeat(64)}`], tag: 'm'}, 'digest-given'],
    [{tags: ['']}, 'tag-invalid', 1],
    [{tags: ['a b']}, 'tag-invalid', 2],
    [{tags: ['-x']}, 'tag-invalid', 1],
    [{tags: [':x']}, 'reference-invalid', 1],
    [{tags: ['X/y:z z']}, 'reference-invalid', 6],
    [{tags: ['https://ghcr.io/a/b:c']}, 'reference-invalid', 7],
    [{tag: 'm', registry: tooDeep, name: 'abcdef'}, 'name-invalid'],
    [{tags: ['abcdef:t'], registry: tooDeep}, 'name-invalid'],
  ]
  for (const [given, code, position] of illegal) {
    it(`refuse ${JSON.stringify(given).slice(0, 60)} as ${code}`, () => {
      const {error, position: found} = refused(() => made(given))
      expect(error.code).to.equal(code)
      expect(found).to.equal(position)
    })
  }
})
