import {expect} from 'chai'
import {EngineError} from '../../../src/lib/engine/engine-error.js'
import {FailedError, MissingError} from '../../../src/lib/error/keg-error.js'
import {beforeRun, isPortRefusal, startError} from '../../../src/lib/container/run-error.js'
import {portsToMove} from '../../../src/lib/package/run/start-container.js'

describe('startError', () => {
  const table: readonly [string, number, string][] = [
    ['exec: "nosuch": executable file not found in $PATH: unknown', 127, 'command-failed'],
    ['exec: "/x": stat /x: no such file or directory: unknown', 127, 'command-failed'],
    ['exec: "/etc": permission denied: unknown', 126, 'command-failed'],
    ['exec: "/etc": is a directory: unknown', 126, 'command-failed'],
    ['listen tcp4 127.0.0.1:80: bind: permission denied', 125, 'start-failed'],
    ['network team not found', 125, 'network-unknown'],
    ['whatever else', 125, 'start-failed'],
  ]
  for (const [said, exitCode, code] of table)
    it(`ends in ${exitCode} for: ${said}`, () => {
      expect(startError(new EngineError(500, said))).to.include({exitCode, code})
    })
})

describe('beforeRun', () => {
  it('turns a plain failure into exit code 125, and leaves other errors alone', () => {
    const failed = beforeRun(new FailedError('no', {code: 'registry-denied', hint: 'sign in'}))
    expect(failed).to.include({exitCode: 125, code: 'registry-denied', message: 'no', hint: 'sign in'})
    const missing = new MissingError('no', {code: 'engine-unreachable'})
    expect(beforeRun(missing)).to.equal(missing)
  })
})

/** As engines 20.10, 28.5, rootless ones and Docker Desktop word it. */
const refusals = [
  'driver failed programming external connectivity on endpoint x (1): Bind for 127.0.0.1:8080 failed: port is already allocated',
  'driver failed programming external connectivity on endpoint x (1): Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use',
  'failed to set up container networking: failed to bind host port for 127.0.0.1:8080:172.17.0.2:80/tcp: address already in use',
  'Error starting userland proxy: error while calling PortManager.AddPort(): cannot expose privileged port 8080, you can add',
  'Ports are not available: exposing port TCP 127.0.0.1:8080 -> 0.0.0.0:0: listen tcp 127.0.0.1:8080: bind: address already in use',
]

describe('portsToMove', () => {
  const port = (hostPort: string, movable: boolean) =>
    ({port: 80, protocol: 'tcp', address: '127.0.0.1', hostPort, movable}) as const

  for (const said of refusals)
    it(`finds the port to move in: ${said}`, () => {
      expect(isPortRefusal(said)).to.equal(true)
      expect(portsToMove(said, [port('8080', true), port('9090', true)])).to.deep.equal(['8080/tcp'])
    })

  it('moves no port that the user fixed', () => {
    expect(portsToMove(refusals[0]!, [port('8080', false), port('9090', true)])).to.deep.equal([])
  })

  it('moves all movable ports if the engine names none', () => {
    expect(portsToMove('port is already allocated', [port('8080', true), port('', false)])).to.deep.equal(['8080/tcp'])
  })
})
