import {expect} from 'chai'
import type {Endpoint} from '../../../src/lib/engine/endpoint.js'
import {EngineError, engineError, engineLost} from '../../../src/lib/engine/engine-error.js'
import {KegError} from '../../../src/lib/error/keg-error.js'

const socket: Endpoint = {kind: 'socket', path: '/run/x.sock', origin: 'the default socket', selection: {}}
const remote: Endpoint = {kind: 'tcp', host: 'engine.example', port: 2376, origin: 'DOCKER_HOST', selection: {}}

function failing(code: string): Error {
  return Object.assign(new Error(`connect ${code} secret detail`), {code})
}

describe('error of an engine', () => {
  const codes = [
    'ECONNREFUSED',
    'ENOENT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ECONNRESET',
  ]
  for (const code of codes)
    it(`that cannot be reached (${code}) names its address and origin`, () => {
      const cause = failing(code)
      const error = engineError(cause, socket)
      expect(error).to.include({code: 'engine-unreachable', exitCode: 4, cause})
      expect(error.message).to.equal('Cannot connect to the Docker engine at /run/x.sock (the default socket).')
      expect(engineError(cause, remote).message).to.equal(
        'Cannot connect to the Docker engine at engine.example:2376 (DOCKER_HOST).',
      )
    })

  for (const code of ['EACCES', 'EPERM'])
    it(`that denies access (${code}) says how to get it`, () => {
      const error = engineError(failing(code), socket)
      expect(error).to.include({code: 'engine-denied', exitCode: 4})
      expect(error).to.have.property('hint').that.includes('group')
    })

  it('that refused has its status and response', () => {
    const cause = Object.assign(new Error('(HTTP code 404) no such container - No such container: x'), {
      statusCode: 404,
      json: {message: 'No such container: x\n'},
    })
    const error = engineError(cause, socket)
    expect(error).to.be.instanceOf(EngineError)
    expect(error).to.include({
      status: 404,
      response: 'No such container: x',
      message: 'The engine refused the request: No such container: x',
      code: 'engine-refused',
      exitCode: 1,
      cause,
    })
  })

  for (const said of ['write /data/layer.tar: no space left on device', 'write /data/x: disk quota exceeded'])
    it(`that has no space left (${said}) says where to free some`, () => {
      const error = engineError({statusCode: 500, json: {message: said}}, socket)
      expect(error).to.include({code: 'engine-full', exitCode: 1, message: `The engine has no space left: ${said}`})
      expect(error).to.have.property('hint').that.includes('docker system df')
      expect(error).to.have.property('isFull', true)
    })

  it('that went away says how to remove what is left', () => {
    const cause = failing('ECONNRESET')
    const error = engineLost(socket, cause)
    expect(error).to.include({code: 'engine-lost', exitCode: 4, cause})
    expect(error.message).to.equal('The Docker engine at /run/x.sock went away.')
    expect(error.hint).to.match(/^Start it again\. .*: keg doctor --fix$/)
  })

  it('that refused without JSON has the client’s message', () => {
    for (const json of [undefined, null, 'text', {}, {message: 7}]) {
      const error = engineError(Object.assign(new Error('(HTTP code 500) unexpected'), {statusCode: 500, json}), socket)
      expect(error).to.include({status: 500, response: '(HTTP code 500) unexpected'})
    }
  })

  const ownConnections = [
    'read unix @->/run/containerd/containerd.sock: read: connection reset by peer',
    'connection error: desc = "transport: error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"',
    'rpc error: code = Unavailable desc = error reading from server: EOF',
  ]
  for (const said of ownConnections)
    it(`that lost a connection of its own is recognized by its message: ${said}`, () => {
      expect(new EngineError(0, said)).to.include({isInternalConnection: true, mayBeShuttingDown: true})
    })

  const shimConnections = [
    'ttrpc: closed: unknown',
    'failed to create shim task: dial unix /run/containerd/s/1d6d3b56: connect: connection refused',
    'dial unix \\x00/containerd-shim/moby/8ea3/shim.sock: connect: connection refused: unknown',
  ]
  for (const said of shimConnections)
    it(`about the shim of a container that ended is recognized by its message: ${said}`, () => {
      expect(new EngineError(500, said)).to.include({isInternalConnection: false, mayBeShuttingDown: true})
    })

  for (const said of ['EOF', 'unexpected EOF', 'read tcp 10.0.0.1:1->10.0.0.2:443: connection reset by peer'])
    it(`can mean that the engine went away, or speak of a registry: ${said}`, () => {
      expect(new EngineError(0, said)).to.include({isInternalConnection: false, mayBeShuttingDown: true})
    })

  it('that refuses in other words has not lost anything', () => {
    for (const said of [
      'denied: requested access to the resource is denied',
      'No such container: GEOFF',
      'manifest unknown',
    ])
      expect(new EngineError(0, said)).to.include({isInternalConnection: false, mayBeShuttingDown: false})
  })

  it('has no control characters of the response or the address', () => {
    const hostile = '\u001b[2J\u202e'
    const refused = engineError({statusCode: 500, json: {message: hostile}}, socket)
    const unreachable = engineError(failing('ENOENT'), {...socket, path: hostile})
    for (const {message} of [refused, unreachable]) expect(message).to.match(/^[ -~]*$/)
  })

  it('that was aborted is the reason of the abort', () => {
    const stop = new AbortController()
    expect(engineError(failing('ECONNRESET'), socket, stop.signal)).to.be.instanceOf(KegError)
    const reason = new Error('the user had enough')
    stop.abort(reason)
    expect(engineError(failing('ECONNRESET'), socket, stop.signal)).to.equal(reason)
    expect(engineError({statusCode: 500}, socket, stop.signal)).to.equal(reason)
  })

  it('that is not the engine’s stays unchanged', () => {
    const bug = new TypeError('x is not a function')
    expect(engineError(bug, socket)).to.equal(bug)
    for (const odd of ['text', undefined, null, 7]) {
      expect(engineError(odd, socket)).to.be.instanceOf(Error)
      expect(engineError(odd, socket)).to.have.property('cause', odd)
    }
  })
})
