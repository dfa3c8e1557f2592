import {expect} from 'chai'
import {sortOldSettings} from '../../../../src/lib/config/import/old-settings.js'

describe('the settings of an old keg', () => {
  /** What is offered for which setting. */
  const offered = (content: object): object =>
    Object.fromEntries(sortOldSettings(content).offers.map(({name, value}) => [name, value]))
  /** What is left, with the reason. */
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

  it('are left with the reason, and never with their text', () => {
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
      'docker.namespace': 'There is no docker.providerUrl that it belongs to.',
      'docker.user': 'keg keeps no credentials: sign in with docker login.',
      'docker.token': 'keg keeps no credentials: sign in with docker login.',
      'cli.git.orgName': 'keg asks git itself.',
      'cli.git.publicToken': 'keg keeps no tokens and no keys: give them to git, or to docker login.',
      'cli.git.key': 'keg keeps no tokens and no keys: give them to git, or to docker login.',
      'cli.git.repos.cli': 'keg asks git itself.',
      'cli.taps.shop.tasks': 'Tasks are no commands of this keg: make them actions of values.yml.',
      'cli.settings.editorCmd': 'There is no such setting any more.',
      'cli.settings.docker.buildKit': 'There is no such setting any more.',
      publish: 'keg publishes no packages of npm.',
      'somethingElse.0': 'keg has no such setting.',
      'somethingElse.1.two': 'keg has no such setting.',
    })
    expect(JSON.stringify(sortOldSettings(content))).to.not.include('s3cret')
  })
})
