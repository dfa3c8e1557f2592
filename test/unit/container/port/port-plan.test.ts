import {expect} from 'chai'
import {planPorts} from '../../../../src/lib/container/port/port-plan.js'
import {parsePublishedPorts} from '../../../../src/lib/container/port/published-ports.js'

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

  it('moves a taken port to the next free one, and 80 and 443 to 8080 and 8443', async () => {
    expect(await plan([], [8080], [8080, 8081])).to.deep.equal(['127.0.0.1:8082:8080'])
    expect(await plan([], [80, 443], [80, 443])).to.deep.equal(['127.0.0.1:8080:80', '127.0.0.1:8443:443'])
  })

  it('gives no port twice, and avoids those that -p names', async () => {
    expect(await plan([], [80, 8080], [80])).to.deep.equal(['127.0.0.1:8080:80', '127.0.0.1:8081:8080'])
    expect(await plan(['8080:9000'], [8080], [])).to.deep.equal([':8080:9000', '127.0.0.1:8081:8080'])
  })

  it('does not publish a port of -p twice, nor move one that -p fixes', async () => {
    expect(await plan(['9090:8080'], [8080], [9090])).to.deep.equal([':9090:8080'])
    expect(await plan(['8080'], [8080], [8080])).to.deep.equal(['127.0.0.1:8081:8080'])
  })

  it('leaves the number to the engine if all ports are taken', async () => {
    const all = Array.from({length: 65_536}, (_, index) => index)
    expect(await plan([], [65_535], all)).to.deep.equal(['127.0.0.1::65535'])
  })
})
