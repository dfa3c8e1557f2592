import {expect} from 'chai'
import {findHostPaths, hostPathWarnings, withoutLabels} from '../../../src/lib/image/host-paths.js'
import {containerWith} from '../package/details.js'

const inContainer = ['/home/node', '/home/node/app', '/root', '/root/.cache', '/srv/ada/data']

async function found(value: string, home: string | undefined = '/srv/people/ada'): Promise<boolean> {
  const {labels} = await findHostPaths({
    container: containerWith({Labels: {own: value}}),
    home,
    isInContainer: (path) => Promise.resolve(inContainer.includes(path)),
    addedEnvironment: [],
  })
  return labels.includes('own')
}

describe('paths of the host in a configuration', () => {
  const ofHost = [
    '/home/ada/shop',
    '/home/ada',
    '/home/ada/',
    'compose=/home/ada/shop/compose.yml,/srv/x.yml',
    '/srv/x.yml,/home/ada/shop/compose.override.yml',
    'file:///home/ada/shop',
    '{"folder":"/home/ada/shop"}',
    '/var/home/ada/shop',
    '/root/shop',
    '/Users/ada/New Shop',
    '/host_mnt/Users/ada/shop',
    '/run/desktop/mnt/host/c/Users/ada/shop',
    '/mnt/c/Users/ada/shop',
    '/c/Users/ada/shop',
    'C:\\Users\\ada\\shop',
    '{"folder":"C:\\\\Users\\\\ada\\\\shop"}',
    'c:/Users/ada/shop',
    '\\\\wsl.localhost\\Ubuntu\\home\\ada\\shop',
    '\\\\wsl$\\Ubuntu\\home\\ada\\shop',
    '/srv/people/ada',
    'x:/srv/people/ada/shop:ro',
    '/home/node/app and /home/ada/shop',
  ]
  for (const value of ofHost) it(`are found in ${value}`, async () => expect(await found(value)).to.equal(true))

  const notOfHost = [
    '',
    '/srv/app',
    '/home',
    '/home/node/app',
    '/home/node/app/../app',
    '/root',
    '/root/.cache',
    '/rootfs/shop',
    '/srv/people/adam',
    '/opt/home/ada/shop',
    'https://example.com/home/ada',
    'https://example.com/users/ada',
    'users/ada',
    '~/shop',
    'home/ada',
  ]
  for (const value of notOfHost)
    it(`are not found in ${JSON.stringify(value)}`, async () => expect(await found(value)).to.equal(false))

  it('need no home folder of the user', async () => {
    expect(await found('/home/ada/shop', undefined)).to.equal(true)
    expect(await found('/srv/x', '/')).to.equal(false)
    expect(await found('/srv/x', '')).to.equal(false)
  })

  it('are searched for in labels other than keg’s, and in added environment variables', async () => {
    const container = containerWith({
      Labels: {'com.keg.folder': '/home/ada/shop', 'com.acme.folder': '/home/ada/shop', kept: 'yes'},
      Env: ['OF_IMAGE=/home/ada', 'HISTORY=/home/ada/.history', 'PLAIN=1', 'NAME'],
    })
    const paths = await findHostPaths({
      container,
      home: '/home/ada',
      isInContainer: () => Promise.resolve(false),
      addedEnvironment: ['HISTORY', 'NAME', 'PLAIN'],
    })
    expect(paths).to.deep.equal({labels: ['com.acme.folder'], variables: ['HISTORY']})
    expect(withoutLabels(container, paths.labels).Config.Labels).to.deep.equal({
      'com.keg.folder': '/home/ada/shop',
      kept: 'yes',
    })
    const [label, variable] = hostPathWarnings(paths)
    expect(label).to.include('com.acme.folder').and.not.include('/home/ada')
    expect(variable).to.include('HISTORY').and.not.include('/home/ada')
    expect(hostPathWarnings({labels: [], variables: []})).to.deep.equal([])
  })
})
