import {expect} from 'chai'
import {editModel, withoutBuild, type ModelEdit} from '../../../../src/lib/tap/compose/edit-model.js'
import type {ComposeModel} from '../../../../src/lib/compose/compose-model.js'
import {exampleModel} from './models.js'

const edit: ModelEdit = {
  project: 'shop-main',
  isLeftAlone: false,
  labels: {'com.keg.folder': '/home/me/$shop', 'com.keg.tap': 'shop'},
  main: {
    service: 'shop',
    containerName: 'shop-main',
    image: 'ghcr.io/acme/shop:develop',
    variables: ['A=1=$2', 'PRICE', 'DOC_APP_PATH=/other'],
    networks: ['keg-hub-net'],
    labels: {'com.keg.tap.main': 'true', 'com.keg.folder': ''},
  },
}

describe('model of a folder and branch', () => {
  const edited = (more: ComposeModel['services']): ComposeModel['services'] => {
    const model = exampleModel()
    return editModel({...model, services: {...model.services, ...more}}, edit).services
  }
  const {name, networks, services, volumes} = editModel(exampleModel(), edit)

  it('is a separate project', () => {
    expect(name).to.equal('shop-main')
    expect(volumes).to.deep.equal(exampleModel().volumes)
  })

  it("names only the app's container, so that several models can run side by side", () => {
    expect(services.shop).to.include({container_name: 'shop-main'})
    expect(services.db).not.to.have.property('container_name')
  })

  it('keeps the container_name of the file as an alias, and resolves references to it', () => {
    expect(services.shop?.networks).to.deep.include({default: {aliases: ['the-shop']}})
    expect(services.db?.networks).to.deep.equal({default: {aliases: ['the-db']}})
    const {admin, back, other} = edited({
      admin: {network_mode: 'container:the-db', pid: 'container:elsewhere', ipc: 'container:the-shop'},
      back: {
        container_name: 'behind',
        networks: {back: {aliases: ['b'], ipv4_address: '10.0.0.2'}, front: null},
        external_links: ['the-db:store', 'elsewhere:e'],
        links: ['shop'],
        volumes_from: ['container:the-db:ro', 'container:elsewhere', 'shop'],
      },
      other: {container_name: 'hosted', network_mode: 'host', external_links: ['the-db']},
    })
    expect(admin).to.include({network_mode: 'service:db', pid: 'container:elsewhere', ipc: 'service:shop'})
    expect(back?.networks).to.deep.equal({
      back: {aliases: ['b', 'behind'], ipv4_address: '10.0.0.2'},
      front: {aliases: ['behind']},
    })
    expect(back).to.deep.include({external_links: ['elsewhere:e'], links: ['shop', 'db:store']})
    expect(back?.volumes_from).to.deep.equal(['db:ro', 'container:elsewhere', 'shop'])
    expect(other)
      .to.deep.include({links: ['db:the-db']})
      .and.not.to.have.any.keys('external_links', 'networks')
  })

  it('runs the app once, and others as often as the file says, in any profile', () => {
    const {shop, worker} = edited({
      shop: {
        ...exampleModel().services.shop,
        scale: 2,
        profiles: ['dev'],
        deploy: {replicas: 0, resources: {limits: {}}},
      },
      worker: {scale: 3, profiles: ['dev']},
    })
    expect(shop).not.to.have.any.keys('scale', 'profiles')
    expect(shop?.deploy).to.deep.equal({replicas: undefined, resources: {limits: {}}})
    expect(worker).to.include({scale: 3}).and.not.to.have.property('profiles')
  })

  it("uses the tap's local image, and a terminal, which its programs expect", () => {
    expect(services.shop).to.include({
      image: 'ghcr.io/acme/shop:develop',
      pull_policy: 'never',
      tty: true,
      stdin_open: true,
    })
    expect(services.db).to.include({image: 'db:1'}).and.not.to.have.any.keys('pull_policy', 'tty')
  })

  it("has keg's labels on every service, and those of the app on the app", () => {
    const shared = {'com.keg.folder': '/home/me/$$shop', 'com.keg.tap': 'shop'}
    expect(services.db?.labels).to.deep.equal(shared)
    expect(services.shop?.labels).to.deep.equal({team: 'a', 'com.keg.tap.main': 'true', ...shared})
  })

  it('passes the values on, without empty ones, and the variables of -e', () => {
    expect(services.shop?.environment).to.deep.equal({A: '1=$$2', DOC_APP_PATH: '/other'})
    expect(services.db).not.to.have.property('environment')
  })

  it('joins the given networks in addition to its own', () => {
    expect(services.shop?.networks).to.deep.equal({default: {aliases: ['the-shop']}, 'keg-1': null})
    expect(networks).to.deep.equal({
      default: {name: 'container_default'},
      'keg-1': {name: 'keg-hub-net', external: true},
    })
  })

  it("joins no network if it uses the host's or another container's", () => {
    const model = exampleModel()
    const host = {...model, services: {...model.services, shop: {...model.services.shop, network_mode: 'host'}}}
    expect(editModel(host, edit).networks).to.deep.equal(model.networks)
  })

  it('keeps everything else, but compose up does not build it again', () => {
    const {build, depends_on: dependsOn, ports} = services.shop ?? {}
    expect({build, depends_on: dependsOn, ports}).to.deep.equal({
      build: exampleModel().services.shop?.build,
      depends_on: exampleModel().services.shop?.depends_on,
      ports: exampleModel().services.shop?.ports,
    })
    expect(withoutBuild(exampleModel(), 'shop', 'built').services.shop)
      .to.include({image: 'built'})
      .and.not.to.have.property('build')
    expect(withoutBuild(exampleModel(), 'db', 'built').services.db).to.include({image: 'db:1'})
  })

  it('changes only names and labels with KEG_NO_INJECTED_COMPOSE', () => {
    const alone = editModel(exampleModel(), {...edit, isLeftAlone: true})
    const {shop = {}} = exampleModel().services
    expect(alone.networks).to.deep.equal(exampleModel().networks)
    expect(alone.services.shop).to.deep.equal({
      ...shop,
      container_name: 'shop-main',
      environment: {DOC_APP_PATH: '/app', PRICE: '5$$'},
      labels: services.shop?.labels,
      networks: {default: {aliases: ['the-shop']}},
    })
  })
})
