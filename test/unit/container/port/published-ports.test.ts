import {expect} from 'chai'
import {exposedPorts, hostAndPort, parsePublishedPorts} from '../../../../src/lib/container/port/published-ports.js'
import {UsageError} from '../../../../src/lib/error/keg-error.js'

const fixed = (port: number, hostPort: string, address = '', protocol = 'tcp') => ({
  kind: 'fixed',
  port,
  protocol,
  address,
  hostPort,
})

describe('parsePublishedPorts', () => {
  const table: readonly [string, readonly object[]][] = [
    ['8080:80', [fixed(80, '8080')]],
    ['127.0.0.1:8080:80', [fixed(80, '8080', '127.0.0.1')]],
    ['127.0.0.1::80', [fixed(80, '', '127.0.0.1')]],
    ['[::1]:8080:80', [fixed(80, '8080', '::1')]],
    ['[::1]::80', [fixed(80, '', '::1')]],
    ['::1:8080:80', [fixed(80, '8080', '::1')]],
    ['53:53/udp', [fixed(53, '53', '', 'udp')]],
    ['9:9/SCTP', [fixed(9, '9', '', 'sctp')]],
    ['80', [{kind: 'movable', port: 80, protocol: 'tcp'}]],
    ['80/udp', [{kind: 'movable', port: 80, protocol: 'udp'}]],
    ['80-81', [80, 81].map((port) => ({kind: 'movable', port, protocol: 'tcp'}))],
    ['8000-8001:80-81', [fixed(80, '8000'), fixed(81, '8001')]],
    ['8000-8010:80', [fixed(80, '8000-8010')]],
    ['127.0.0.1:8000-8001:80-81/udp', [fixed(80, '8000', '127.0.0.1', 'udp'), fixed(81, '8001', '127.0.0.1', 'udp')]],
    ['127.0.0.1::80-81', [fixed(80, '', '127.0.0.1'), fixed(81, '', '127.0.0.1')]],
    ['1:65535', [fixed(65_535, '1')]],
  ]
  for (const [text, expected] of table)
    it(`reads ${text}`, () => expect(parsePublishedPorts([text])).to.deep.equal(expected))

  const wrong = [
    '',
    ':',
    '80:',
    ':80',
    '0:80',
    '80:0',
    '80:65536',
    '80:x',
    'x:80',
    '-1:80',
    '80/http',
    '80/',
    '80-79',
    '8000-8002:80-81',
    '300.0.0.1:80:80',
    'localhost:80:80',
    '[127.0.0.1]:80:80',
    '[::1]:80',
    '1:2:3:4',
    '80:80/tcp/udp',
    ' 80:80',
    '80\n:80',
  ]
  for (const text of wrong)
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parsePublishedPorts([text]))
        .to.throw(UsageError)
        .with.property('code', 'port-invalid')
    })

  it('keeps several in their order', () => {
    expect(parsePublishedPorts(['2:2', '1:1']).map(({port}) => port)).to.deep.equal([2, 1])
  })
})

describe('exposedPorts', () => {
  it('reads exposed ports in order, and ignores what is not a port', () => {
    const exposed = {'9000/tcp': {}, '53/udp': {}, '80': {}, '0/tcp': {}, '70000/tcp': {}, 'x/tcp': {}, '80/sctp': {}}
    expect(exposedPorts(exposed)).to.deep.equal([
      {port: 53, protocol: 'udp'},
      {port: 80, protocol: 'sctp'},
      {port: 80, protocol: 'tcp'},
      {port: 9000, protocol: 'tcp'},
    ])
  })

  it('is empty for an image that exposes nothing', () => {
    expect(exposedPorts(null)).to.deep.equal([])
    expect(exposedPorts(undefined)).to.deep.equal([])
  })
})

describe('hostAndPort', () => {
  it('puts IPv6 addresses in brackets', () => {
    expect(hostAndPort('127.0.0.1', 80)).to.equal('127.0.0.1:80')
    expect(hostAndPort('::1', 80)).to.equal('[::1]:80')
  })
})
