import {expect} from 'chai'
import {checkEngine, engineFinding} from '../../../src/lib/doctor/engine-check.js'
import {parseAddress} from '../../../src/lib/engine/engine-address.js'
import type {Endpoint} from '../../../src/lib/engine/endpoint.js'
import {MissingError} from '../../../src/lib/error/keg-error.js'

const usual: Endpoint = {
  kind: 'socket',
  path: '/var/run/docker.sock',
  origin: 'the default socket',
  selection: {DOCKER_CONTEXT: 'default'},
}
const engine = {endpoint: usual, imageStore: 'graph', securityOptions: ['name=seccomp,profile=default']} as const
const version = {Version: '20.10.24+dfsg1', ApiVersion: '1.41', MinAPIVersion: '1.12'}

describe('the check of the engine', () => {
  it('shows its address, version and API', () => {
    const {data, detail, status} = engineFinding(engine, version)
    expect(status).to.equal('ok')
    expect(detail).to.equal(
      '20.10.24+dfsg1 at /var/run/docker.sock (the default socket), API 1.12 to 1.41, keg speaks 1.41, classic image store',
    )
    expect(data).to.deep.include({imageStore: 'graph', rootless: false, userns: false})
    const newer = engineFinding(
      {...engine, imageStore: 'containerd'},
      {...version, ApiVersion: '1.54', MinAPIVersion: '1.44'},
    )
    expect(newer.status).to.equal('ok')
    expect(newer.detail).to.include('API 1.44 to 1.54, keg speaks 1.51, containerd image store')
  })

  it('says that an engine is too new for this keg', () => {
    const finding = engineFinding(engine, {...version, ApiVersion: '1.70', MinAPIVersion: '1.60'})
    expect(finding.status).to.equal('problem')
    expect(finding.remedy).to.include('keg plugins update')
  })

  it('says what keg does not package on an engine that remaps users', () => {
    const finding = engineFinding({...engine, securityOptions: ['name=userns']}, version)
    expect(finding.status).to.equal('notice')
    expect(finding.remedy).to.include('--userns=host')
    const stored = engineFinding({...engine, imageStore: 'containerd', securityOptions: ['name=userns']}, version)
    expect(stored.remedy).to.include('overlay2')
    expect(engineFinding({...engine, securityOptions: ['name=rootless']}, version)).to.deep.include({status: 'ok'})
    expect(engineFinding({...engine, securityOptions: ['name=rootless']}, version).detail).to.include('rootless')
  })

  it('shows no control characters of an engine', () => {
    expect(engineFinding(engine, {...version, Version: '1\u001B[31m'}).detail).to.include('1?[31m')
  })

  describe('if none answers', () => {
    const system = {kind: 'debian', release: 13, isRoot: false} as const
    const check = (code: string, endpoint: Endpoint | undefined) => {
      const error = new MissingError('No Docker engine answers.', {code, hint: 'Look at DOCKER_HOST.'})
      return checkEngine({environment: process.env}, {connection: {engine: undefined, error}, endpoint, system})
    }

    it('has the command that starts or installs it here', async () => {
      const finding = await check('engine-unreachable', usual)
      expect(finding.status).to.equal('missing')
      expect(finding.remedy).to.match(
        /^sudo (?:systemctl start docker|service docker start|apt-get install docker\.io)$/,
      )
    })

    it('does not offer another one if the user chose one', async () => {
      const selection = {DOCKER_HOST: 'tcp://other:2375'}
      const other = {...parseAddress('tcp://other:2375', 'DOCKER_HOST'), origin: 'DOCKER_HOST', selection}
      expect(await check('engine-unreachable', other)).to.include({status: 'missing', remedy: 'Look at DOCKER_HOST.'})
      expect(await check('context-unknown', undefined)).to.include({status: 'missing', remedy: 'Look at DOCKER_HOST.'})
    })

    it('says how to get access to it', async () => {
      expect((await check('engine-denied', usual)).remedy).to.include('usermod -aG docker')
    })
  })
})
