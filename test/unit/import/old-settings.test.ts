import {expect} from 'chai'
import {sortOldSettings} from '../../../src/lib/import/old-settings.js'

describe('the settings of an old keg', () => {
  /** The value offered for each setting. */
  const offered = (content: object): object =>
    Object.fromEntries(sortOldSettings(content).offers.map(({name, value}) => [name, value]))
  /** What is left out, with the reason. */
  const left = (content: object): object =>
    Object.fromEntries(sortOldSettings(content).left.map(({from, reason}) => [from, reason]))

  for (const [what, content, expected] of [
    ['nothing', {}, {}],
    ['what is empty', {docker: {providerUrl: '', namespace: ''}, cli: {paths: {}, taps: {}, settings: null}}, {}],
    ['registry and namespace', {docker: {providerUrl: 'ghcr.io', namespace: 'acme'}}, {registry: 'ghcr.io/acme'}],
    [
      'a registry with a scheme',
      {docker: {providerUrl: 'https://reg.acme.dev:5000/'}},
      {registry: 'reg.acme.dev:5000'},
    ],
    ['a namespace alone', {docker: {namespace: 'acme'}}, {}],
    [
      'the environment, which the domain has before it',
      {cli: {settings: {defaultEnv: 'qa', defaultDomain: 'acme.dev'}}},
      {environment: 'qa', 'env.KEG_PROXY_HOST': 'qa.acme.dev'},
    ],
    ['the domain alone', {cli: {settings: {defaultDomain: 'acme.dev'}}}, {'env.KEG_PROXY_HOST': 'local.acme.dev'}],
    [
      'the pull policy in the words of docker',
      {cli: {settings: {docker: {imagePullPolicy: 'IfNotPresent', defaultTag: 'main'}}}},
      {defaultTag: 'main', 'env.KEG_IMAGE_PULL_POLICY': 'missing'},
    ],
    [
      'another pull policy',
      {cli: {settings: {docker: {imagePullPolicy: 'Always'}}}},
      {'env.KEG_IMAGE_PULL_POLICY': 'always'},
    ],
    [
      'folders',
      {cli: {paths: {core: '/srv/core', kegUi: '/srv/ui'}}},
      {'paths.core': '/srv/core', 'paths.kegUi': '/srv/ui'},
    ],
    [
      'links, the oldest too',
      {cli: {taps: {shop: {path: '/srv/shop'}, links: {rc: '/srv/rc'}, 'a.b': {path: '/srv/ab'}}}},
      {'taps.shop': '/srv/shop', 'taps.rc': '/srv/rc', 'taps.a.b': '/srv/ab'},
    ],
  ] as const)
    it(`are taken: ${what}`, () => {
      expect(offered(content)).to.deep.equal(expected)
    })

  it('are left out with the reason, and never with their text', () => {
    const content = {
      name: 'keg-cli',
      docker: {namespace: 'acme', user: 'ada', token: 's3cret:1'},
      cli: {
        git: {orgName: 'acme', publicToken: 's3cret:2', key: 's3cret:3', repos: {cli: 'keg-cli'}},
        taps: {shop: {path: '/srv/shop', tasks: '/srv/shop/tasks/index.js'}},
        settings: {editorCmd: 'code', docker: {buildKit: true}},
      },
      publish: {keg: {order: {0: 'a', 1: 'b'}}},
      somethingElse: [1, {two: 's3cret:4'}],
    }
    expect(left(content)).to.deep.equal({
      'docker.namespace': 'It needs docker.providerUrl, which is not set.',
      'docker.user': 'keg stores no credentials. Sign in with: docker login HOST',
      'docker.token': 'keg stores no credentials. Sign in with: docker login HOST',
      'cli.git.orgName': 'keg reads it from git.',
      'cli.git.publicToken': 'keg stores no tokens and no keys. Use the credential helpers of git and docker.',
      'cli.git.key': 'keg stores no tokens and no keys. Use the credential helpers of git and docker.',
      'cli.git.repos.cli': 'keg reads it from git.',
      'cli.taps.shop.tasks': 'Tasks are no longer commands: make them actions in values.yml.',
      'cli.settings.editorCmd': 'This setting no longer exists.',
      'cli.settings.docker.buildKit': 'This setting no longer exists.',
      publish: 'keg does not publish npm packages.',
      'somethingElse.0': 'keg has no such setting.',
      'somethingElse.1.two': 'keg has no such setting.',
    })
    expect(JSON.stringify(sortOldSettings(content))).to.not.include('s3cret')
  })
})
