import {expect} from 'chai'
import {
  finishedText,
  invalidValue,
  valueProblem,
  readYesOrNo,
  unknownName,
} from '../../../../src/lib/config/schema/check-value.js'
import {findDefinition} from '../../../../src/lib/config/schema/find-definition.js'
import {isSecretName, isSecretText} from '../../../../src/lib/config/schema/secret-names.js'

const problem = (name: string, text: string) => valueProblem(findDefinition(name), text)?.what

describe('yes and no', () => {
  for (const text of ['false', '0', 'no', 'off', 'False', 'NO', ' off '])
    it(`${JSON.stringify(text)} is no`, () => {
      expect(readYesOrNo(text)).to.equal(false)
      expect(problem('KEG_AUTO_SYNC', text)).to.equal(undefined)
    })
  for (const text of ['true', '1', 'yes', 'on', 'TRUE', 'Yes'])
    it(`${JSON.stringify(text)} is yes`, () => {
      expect(readYesOrNo(text)).to.equal(true)
    })
  for (const text of ['', 'maybe', '2', 'nein', 'true false'])
    it(`${JSON.stringify(text)} is neither`, () => {
      expect(readYesOrNo(text)).to.equal(undefined)
      expect(problem('KEG_AUTO_SYNC', text)).to.equal('is neither yes nor no')
    })
})

describe('the text of a value', () => {
  const right: readonly [string, string][] = [
    ['KEG_PROXY_PORT', '1'],
    ['KEG_PROXY_PORT', '65535'],
    ['DOC_APP_PATH', '/keg/tap'],
    ['DOC_CORE_PATH', '/keg/tap/node_modules/core'],
    ['KEG_IMAGE_FROM', 'ghcr.io/acme/shop:develop'],
    ['KEG_IMAGE_FROM', 'localhost:5000/shop@sha256:' + 'a'.repeat(64)],
    ['KEG_IMAGE_PULL_POLICY', 'IfNotPresent'],
    ['KEG_IMAGE_PULL_POLICY', 'Never'],
    ['KEG_EXEC_CMD', 'say "anything" $(at all)'],
    ['MY_OWN', 'anything'],
  ]
  for (const [name, text] of right)
    it(`${name} may be ${text.slice(0, 50)}`, () => {
      expect(problem(name, text)).to.equal(undefined)
    })

  const wrong: readonly [string, string, string][] = [
    ['KEG_PROXY_PORT', '0', 'is not a port'],
    ['KEG_PROXY_PORT', '65536', 'is not a port'],
    ['KEG_PROXY_PORT', '80/tcp', 'is not a port'],
    ['DOC_APP_PATH', 'keg/tap', 'is not an absolute path in the container'],
    ['KEG_BASE_IMAGE', 'Not An Image', 'is not an image reference'],
    ['KEG_IMAGE_PULL_POLICY', 'sometimes', 'is not one of its choices'],
    ['MY_OWN', 'a\0b', 'contains a NUL character'],
    ['MY_OWN', 'a'.repeat(131_073), 'is too long'],
  ]
  for (const [name, text, what] of wrong)
    it(`${name} ${what}: ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(problem(name, text)).to.equal(what)
    })

  it('is quoted in the error with its place, without control characters, unless it is secret', () => {
    const error = invalidValue(
      'KEG_PROXY_PORT',
      'a\u001b[31m',
      {what: 'is not a port', right: 'A number.'},
      '/x/values.yml:3',
    )
    expect(error).to.include({code: 'value-invalid', exitCode: 2, hint: 'A number.'})
    expect(error.message).to.equal(String.raw`/x/values.yml:3: KEG_PROXY_PORT "a\u001b[31m" is not a port.`)
    for (const [name, text] of [
      ['API_TOKEN', 'sekret'],
      ['GIT_APP_URL', 'https://x:sekret@github.com/a'],
    ] as const)
      expect(invalidValue(name, text, {what: 'is wrong', right: 'No.'}).message).to.equal(`${name} is wrong.`)
    expect(invalidValue('A', undefined, {what: 'is wrong', right: 'No.'}, '.env:1').message).to.equal(
      '.env:1: A is wrong.',
    )
  })

  it('is normalized, and a local path made absolute', () => {
    const options = {folder: '/taps/shop', environment: {HOME: '/home/ada'}}
    const finished = (name: string, text: string) => finishedText(name, text, options)
    expect(finished('KEG_IMAGE_PULL_POLICY', 'IfNotPresent')).to.equal('missing')
    expect(finished('KEG_IMAGE_PULL_POLICY', 'ALWAYS')).to.equal('always')
    expect(finished('KEG_DOCKER_FILE', 'docker/Dockerfile')).to.equal('/taps/shop/docker/Dockerfile')
    expect(finished('KEG_DOCKER_FILE', '~/Dockerfile')).to.equal('/home/ada/Dockerfile')
    expect(finished('KEG_COMPOSE_EVF', '../more.yml')).to.equal('/taps/more.yml')
    expect(finished('KEG_DOCKER_FILE', '')).to.equal('')
    expect(finished('KEG_EXEC_CMD', './run')).to.equal('./run')
    expect(finishedText('KEG_DOCKER_FILE', 'x', {...options, folder: undefined})).to.equal('x')
  })
})

describe('names of values', () => {
  it('that keg does not know are reported, with a suggestion', async () => {
    expect(await unknownName('KEG_IMGE_FROM')).to.equal('There is no value KEG_IMGE_FROM. Did you mean KEG_IMAGE_FROM?')
    expect(await unknownName('KEG_SOMETHING_ELSE_ALTOGETHER')).to.equal(
      'There is no value KEG_SOMETHING_ELSE_ALTOGETHER.',
    )
    expect(await unknownName('DOC_APP_PTH')).to.include('Did you mean DOC_APP_PATH?')
  })

  it('that are known, a tap’s own or another program’s are not reported', async () => {
    const names = ['KEG_IMAGE_FROM', 'KEG_COMPOSE_EVF', 'DOC_CORE_PATH', 'DOC_ANYTHING_GOES', 'MY_OWN', 'KEG_DATA_DIR']
    for (const name of names) expect(await unknownName(name), name).to.equal(undefined)
    expect(await unknownName('KEG_CORE_PATH', (name) => name === 'DOC_KEG_CORE_PATH')).to.equal(undefined)
    expect(await unknownName('KEG_CORE_PATH')).to.include('no value')
  })

  it('show whether the value is secret', () => {
    const secret = [
      'GIT_KEY',
      'PUBLIC_GIT_KEY',
      'NPM_TOKEN',
      'DB_PASSWORD',
      'MY_SECRET_THING',
      'DB_PASS',
      'x_auth',
      'KEY',
    ]
    for (const name of secret) expect(isSecretName(name), name).to.equal(true)
    const open = ['KEG_IMAGE_FROM', 'AUTHOR', 'KEYBOARD', 'COMPASS', 'PWD_FILE', 'MONKEY', 'DOC_APP_PATH']
    for (const name of open) expect(isSecretName(name), name).to.equal(false)
    expect(isSecretText('https://ada:sekret@host/x')).to.equal(true)
    expect(isSecretText('https://:sekret@host/x')).to.equal(true)
    expect(isSecretText('https://token@host/x')).to.equal(true)
    for (const text of ['https://host:80/a@b', 'ghcr.io/a/b@sha256:aa', 'git@github.com:a/b', 'ssh://git@host/a'])
      expect(isSecretText(text), text).to.equal(false)
  })
})
