import {expect} from 'chai'
import {isElsewhere} from '../../../../src/lib/package/run/host-address.js'

const ofHost = new Set(['203.0.113.9', '192.168.7.1', '2001:db8::9'])

describe('address of the machine that runs a container', () => {
  const here = [
    ...['203.0.113.9', '192.168.7.1', '::ffff:192.168.7.1', '2001:db8::9', '2001:DB8:0::9', '172.17.0.1'],
    ...['169.254.169.254', '169.254.1.1', '::ffff:a9fe:a9fe', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254'],
    ...['192.168.65.2', '192.168.65.254', '192.168.5.2', '10.0.2.2', '100.100.100.200', '168.63.129.16'],
    ...['host-gateway', '', 'localhost', '0x7f.1', '127.1', '010.0.0.1', '10.0.0.5 evil'],
  ]
  for (const address of here)
    it(`can be ${JSON.stringify(address)}`, () => expect(isElsewhere(address, ofHost)).to.equal(false))

  const elsewhere = [
    ...['127.0.0.1', '127.0.1.1', '0.0.0.0', '::1', '::', '10.0.0.5', '192.168.7.2', '172.18.0.1', '192.0.2.7'],
    ...['2001:db8::8', '::ffff:10.0.0.5'],
  ]
  for (const address of elsewhere) it(`is not ${address}`, () => expect(isElsewhere(address, ofHost)).to.equal(true))
})
