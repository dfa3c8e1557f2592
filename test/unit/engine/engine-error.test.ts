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
    it(`that is not reached (${code}) says where it was looked for, and why there`, () => {
      const cause = failing(code)
      const error = engineError(cause, socket)
      expect(error).to.include({code: 'engine-unreachable', exitCode: 4, cause})
      expect(error.message).to.equal('No Docker engine answers at /run/x.sock (the default socket).')
      expect(engineError(cause, remote).message).to.equal(
        'No Docker engine answers at engine.example:2376 (DOCKER_HOST).',
      )
    })

  for (const code of ['EACCES', 'EPERM'])
    it(`that may not be spoken to (${code}) says how to get the right`, () => {
      const error = engineError(failing(code), socket)
      expect(error).to.include({code: 'engine-denied', exitCode: 4})
      expect(error).to.have.property('hint').that.includes('group')
    })

  it('that refused has its status and its own words', () => {
    const cause = Object.assign(new Error('(HTTP code 404) no such container - No such container: x'), {
      statusCode: 404,
      json: {message: 'No such container: x\n'},
    })
    const error = engineError(cause, socket)
    expect(error).to.be.instanceOf(EngineError)
    expect(error).to.include({
      status: 404,
      said: 'No such container: x',
      message: 'The engine refused: No such container: x',
      code: 'engine-refused',
      exitCode: 1,
      cause,
    })
  })

  for (const said of ['write /data/layer.tar: no space left on device', 'write /data/x: disk quota exceeded'])
    it(`that has no room left (${said}) says where room is to be made`, () => {
      const error = engineError({statusCode: 500, json: {message: said}}, socket)
      expect(error).to.include({code: 'engine-full', exitCode: 1, message: `The engine has no room left: ${said}`})
      expect(error).to.have.property('hint').that.includes('docker system df')
      expect(error).to.have.property('isFull', true)
    })

  it('that went away says how what is left is taken away', () => {
    const cause = failing('ECONNRESET')
    const error = engineLost(socket, cause)
    expect(error).to.include({code: 'engine-lost', exitCode: 4, cause})
    expect(error.message).to.equal('The Docker engine at /run/x.sock went away.')
    expect(error.hint).to.match(/^Start it again\. .*: keg doctor --fix$/)
  })

  it('that refused without JSON has the words of the client', () => {
    for (const json of [undefined, null, 'text', {}, {message: 7}]) {
      const error = engineError(Object.assign(new Error('(HTTP code 500) unexpected'), {statusCode: 500, json}), socket)
      expect(error).to.include({status: 500, said: '(HTTP code 500) unexpected'})
    }
  })

  it('drives no terminal with what it or the address says', () => {
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

  it('that is none of the engine stays what it is', () => {
    const bug = new TypeError('x is not a function')
    expect(engineError(bug, socket)).to.equal(bug)
    for (const odd of ['text', undefined, null, 7]) {
      expect(engineError(odd, socket)).to.be.instanceOf(Error)
      expect(engineError(odd, socket)).to.have.property('cause', odd)
    }
  })
})
