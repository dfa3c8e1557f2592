import {expect} from 'chai'
import {planPorts} from '../../../src/lib/port/port-plan.js'
import {parsePublishedPorts} from '../../../src/lib/port/published-ports.js'

const tcp = (port: number) => ({port, protocol: 'tcp' as const})

async function plan(publish: readonly string[], exposed: readonly number[], taken: readonly number[]) {
  const planned = await planPorts({
    requests: parsePublishedPorts(publish),
    exposed: exposed.map(tcp),
    isTaken: (port) => Promise.resolve(taken.includes(port)),
  })
  return planned.map(({address, hostPort, port}) => `${address}:${hostPort}:${port}`)
}

describe('planPorts', () => {
  it('publishes exposed ports on 127.0.0.1 at the same number', async () => {
    expect(await plan([], [80, 8080], [])).to.deep.equal(['127.0.0.1:80:80', '127.0.0.1:8080:8080'])
  })

  it('moves a taken port to the next free one, a low one to where one looks for it', async () => {
    expect(await plan([], [8080], [8080, 8081])).to.deep.equal(['127.0.0.1:8082:8080'])
    expect(await plan([], [80, 443], [80, 443])).to.deep.equal(['127.0.0.1:8080:80', '127.0.0.1:8443:443'])
  })

  it('gives no port twice, and keeps away from those that -p names', async () => {
    expect(await plan([], [80, 8080], [80])).to.deep.equal(['127.0.0.1:8080:80', '127.0.0.1:8081:8080'])
    expect(await plan(['8080:9000'], [8080], [])).to.deep.equal([':8080:9000', '127.0.0.1:8081:8080'])
  })

  it('does not publish a port a second time that -p names, and moves none that -p places', async () => {
    expect(await plan(['9090:8080'], [8080], [9090])).to.deep.equal([':9090:8080'])
    expect(await plan(['8080'], [8080], [8080])).to.deep.equal(['127.0.0.1:8081:8080'])
  })

  it('leaves the number to the engine when all around are taken', async () => {
    const all = Array.from({length: 65_536}, (_, index) => index)
    expect(await plan([], [65_535], all)).to.deep.equal(['127.0.0.1::65535'])
  })
})
